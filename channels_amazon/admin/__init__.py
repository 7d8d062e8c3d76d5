"""The admin site, its side bar and the forms for the store's own rows."""

from channels_amazon.admin.audit_admin import AuditEntryAdmin, FailedSignInAdmin
from channels_amazon.admin.catalog_admin import (
    CategoryAdmin,
    ProductAdmin,
    VariantAdmin,
)
from channels_amazon.admin.site import ShoplinkAdminSite, site
from channels_amazon.admin.store_admin import (
    StoreAdmin,
    StoreMemberAdmin,
    WarehouseAdmin,
)
from channels_amazon.admin.user_admin import GroupAdmin, UserAdmin

__all__ = [
    "AuditEntryAdmin",
    "CategoryAdmin",
    "FailedSignInAdmin",
    "GroupAdmin",
    "ProductAdmin",
    "ShoplinkAdminSite",
    "StoreAdmin",
    "StoreMemberAdmin",
    "UserAdmin",
    "VariantAdmin",
    "WarehouseAdmin",
    "site",
]
