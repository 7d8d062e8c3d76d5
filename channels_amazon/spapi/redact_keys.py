"""The keys whose values are secret, personal, or kept; pure, client layer."""

from __future__ import annotations

SECRET_KEYS = frozenset(
    {
        "accesstoken",
        "authorization",
        "awssecretaccesskey",
        "awssessiontoken",
        "clientsecret",
        "code",
        "cookie",
        "mwsauthtoken",
        "newclientsecret",
        "password",
        "proxyauthorization",
        "refreshtoken",
        "restricteddatatoken",
        "secret",
        "setcookie",
        "signature",
        "spapioauthcode",
        "state",
        "xamzaccesstoken",
        "xamzcredential",
        "xamzsecuritytoken",
        "xamzsignature",
    }
)
# `code` is an authorisation code in forms and addresses, but names an error in JSON;
# `state` is ours in an address, and a part of an address in JSON.
SECRET_ONLY_IN_FORMS = frozenset({"code", "state"})
PERSONAL_KEYS = frozenset(
    {
        "addressinstruction",
        "addressline1",
        "addressline2",
        "addressline3",
        "authorizationcode",
        "buyercompanyname",
        "buyeremail",
        "buyername",
        "buyerpurchaseordernumber",
        "buyertaxinformation",
        "companyname",
        "complement",
        "customizedurl",
        "destinationpostalcode",
        "dropofflocation",
        "email",
        "emailaddress",
        "giftmessage",
        "giftmessagetext",
        "legalname",
        "neighborhood",
        "notificationemails",
        "phone",
        "phonenumber",
        "postalcode",
        "recipientname",
        "shipcity",
        "shippostalcode",
        "streetname",
        "streetnumber",
        "taxregistrationnumber",
    }
)
# Objects about a person: everything inside is redacted but KEPT_IN_PERSON.
PERSON_KEYS = frozenset(
    {
        "address",
        "buyer",
        "buyerinfo",
        "customeraddress",
        "deliveryaddress",
        "destinationaddress",
        "primarycontact",
        "recipient",
        "shipfromaddress",
        "shippingaddress",
        "shiptoaddress",
        "taxregistrationaddress",
    }
)
KEPT_IN_PERSON = frozenset({"addresstype", "countrycode"})
SECRET_HEADERS = frozenset(
    {
        "authorization",
        "cookie",
        "proxyauthorization",
        "setcookie",
        "xamzaccesstoken",
        "xamzsecuritytoken",
    }
)
