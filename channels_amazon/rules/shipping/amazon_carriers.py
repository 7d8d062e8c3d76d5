"""Amazon's names of carriers; data, rules layer.

They are the values of CarrierCode in Amazon's order schema (amzn-base.xsd), letter by
letter: Amazon compares them so. The schema is one for all marketplaces, and takes each
of them in any; HOME says which carriers work in one country, and are offered for its
marketplaces alone. Left out are its words for "other" in other languages, and a
column's heading.
"""

from __future__ import annotations

OTHER = "Other"


def _names(text: str) -> tuple[str, ...]:
    return tuple(" ".join(name.split()) for name in text.split(";"))


EVERYWHERE = _names(
    """
UPS; FedEx; DHL; Fastway; GLS; Hermes Logistik Gruppe; Royal Mail; TNT;
SagawaExpress; NipponExpress; YamatoTransport; DHL Global Mail; OSM; Canada Post;
Chronopost; Deutsche Post; DPD; La Poste; Poste Italiane; Aramex; Amazon Shipping;
China Post; EUB; Yun Express; 4PX; Hermes; SF Express; ALLJOY; Asendia; Asgard;
Assett; AT POST; ATS; Beijing Quanfeng Express; Best Express; CEVA; Cititrans; DB
Schenker; DHL eCommerce; DHL Express; DHL Freight; Digital Delivery; DSV; ECMS;
First Flight China; First Mile; geodis; Home Logistics; Hongkong Post; InPost;
iParcel; JCEX; Kuehne+Nagel; Landmark; Ninjavan; OneWorldExpress; PostNord;
QExpress; Qxpress; Rhenus; Self Delivery; SFC; Ship Global US; ShipEconomy;
ShipGlobal; Shunfeng Express; Singapore Post; Speedex; STO Express; VIR;
WanbExpress; WINIT; YDH; YTO Express; Yunda Express; ZTO Express; iMile; Chukou1;
CNE; Equick; UBI; Sunyou; DASCHER; DACHSER; Heppner; Kuehne Nagel; Yanwen; USPS; B2C
Europe; HubEurope; Spring GDS; Hotpoint Logistics; AT Post; Seven Senders;
Sendcloud; Trakpak; BPOST; UPakWeShip; Mondial Relay; Swiss post; DACSHER; GEODIS;
XPO; Sprint; WPX; SPRING; AMZL; B2C; DPB; Hlog; honesteye; Landmark Global; NOVEO;
Palletways; ParcelOne; RBNA; RR Donnelley; Schweizer Post; STG; Upsilon
"""
)

# By the country of the marketplace (ISO 3166).
HOME = {
    "AE": _names(
        """
Emirates Post
"""
    ),
    "AU": _names(
        """
Smartmail; Toll Global Express; AUSSIE_POST; Australia Post; Australia
Post-Consignment; Australia Post-ArticleId; Fastway; Sendle; SENDLE; CouriersPlease;
Couriers Please; Hunter Logistics; StarTrack-ArticleID; StarTrack-Consignment
"""
    ),
    "BR": _names(
        """
Correios; DirectLog; Total Express; TransFolha
"""
    ),
    "CA": _names(
        """
PUROLATOR
"""
    ),
    "DE": _names(
        """
GO!; Hermes Einrichtungsservice; IDS Netzwerk; Rieck; GEL Express; GEL; IDS;
DHL-Paket; AO Deutschland; MZZ-Briefdienst; MZZ Briefdienst; Der Kurier; Emons; Mail
Alliance; Mainpost; PIN; Post Modern; Trans-o-Flex; Transoflex; CargoLine;
FRACHTPOST; Hellmann; Stahlmann and Sachs; Stampit; EKI Trans
"""
    ),
    "ES": _names(
        """
Seur; Correos; Correos Express; MRW; Endopack; Chrono Express; Nacex; NACEX;
CELERITAS; CTTExpress; CTT EXPRESS; Envialia; TIPSA; Tourline; Centex; REDUR;
Zeleris; Sending; CBL; DYNAMIC EXPRESS; EINSA SOURCING; GRUPO LOGISTIC; KEAVO; NTL;
Szendex; TDN; Transaragonés; TSB; TXT; TyD; Via Xpress; ONTIME; Transaher; HRP
"""
    ),
    "FR": _names(
        """
Coliposte; Colissimo; Colis Prive; COLIS PRIVE; France Express; FRANCE EXPRESS;
Geodis Calberson; Exapaq; Cubyn; Delivengo; Heppner
"""
    ),
    "GB": _names(
        """
City Link; Parcelforce; Parcelnet; Yodel; Arrow XL; DX Freight; Tuffnells; Panther;
XDP; ROYAL_MAIL; Whistl; Hermes (Corporate); AMAUK; The Delivery Group; RMLGB;
UKMail; APC; Jersey Post; Caribou; Hermes UK; DPD Local; UK MAIL; APC Overnight; DX
Express; DX Secure; Parcel Station; AMZL_UK; DX; APC-Overnight; ITD Global;
Parcelhub; Huxloe Logistics; GFS; Verage Shipping; MHI; Truline; Delivery Group; PDC
Logistics; PARCEL2GO.COM; DEL Deliveries; Parcelink Logistics; BJS; AO; Citypost;
Huxloe; Interlink; Intersoft; JPL UPU; Kybotech; OCS Worldwide; Palletline; Parcel
Hub; Parcel Monkey; Parcel2go; ParcelDenOnline; Shipmate; Translink
"""
    ),
    "IN": _names(
        """
BlueDart; AFL/Fedex; India Post; Professional; The Professional Couriers; DTDC;
Overnite Express; First Flight; Delhivery; Cart2India; Dotzot; Ecom Express; Gati;
ICC Worldwide; Rivigo; Safexpress; Ship Delight; Shree Maruti Courier; Shree
Tirupati Courier; Spoton; Trackon; VNLIN; Whizzard; Xpressbees
"""
    ),
    "IT": _names(
        """
SDA; BRT; Bartolini; Nexive; TNTIT; Arco Spedizioni; FAST EST; FERCAM; Fercam;
Liccardi; Milkman; Zust Ambrosetti; Consegna Mezzi Propri; Susa; TWS; Sailpost;
Mezzi propri; Interno; Energo; MBE
"""
    ),
    "JP": _names(
        """
FEDEX_JP; JP_EXPRESS; NITTSU; SAGAWA; YAMATO; Japan Post; Seino; SEINO
TRANSPORTATION
"""
    ),
    "MX": _names(
        """
Estafeta; DHL Home Delivery
"""
    ),
    "NL": _names(
        """
Post NL; PostNL
"""
    ),
    "PL": _names(
        """
Polish Post; DHLPL; Raben; Raben Group; InPost; Europaczka
"""
    ),
    "TR": _names(
        """
Aras Kargo; Arkas; Balnak; Bombax; Ceva Lojistik; DHL Kargo; Fillo Kargo; Geopost
Kargo; Horoz Lojistik; Kargokar; Metro Kargo; MNG Kargo; Narpost Kargo; PTT Kargo;
Selem Kargo; Tezel Lojistik; TNT Kargo
"""
    ),
    "US": _names(
        """
UPSMI; UPS Mail Innovations; Newgistics; Streamlite; OnTrac; Lasership; Blue
Package; Target; Best Buy; A-1; AAA Cooper; ABF; Conway; Estes; Fedex Freight; FedEx
SmartPost; Old Dominion; Pilot; Pilot Freight; R+L; Roadrunner; Saia; South Eastern
Freight Lines; UPS Freight; Urban Express; Watkins and Shepard; XPO Freight; Yellow
Freight; CDC; OSM
"""
    ),
}

# All that Amazon's schema takes, OTHER last.
CARRIERS = (
    *dict.fromkeys((*EVERYWHERE, *(name for names in HOME.values() for name in names))),
    OTHER,
)
