"""The rows that hold the truth; import models from here only."""

from channels_amazon.models.account import (
    AccessToken,
    AmazonAccount,
    AuthorizationAttempt,
    Credential,
    MarketplaceParticipation,
    Permission,
)
from channels_amazon.models.application import ClientSecret, DeveloperApplication
from channels_amazon.models.audit import AuditEntry
from channels_amazon.models.call import ApiCall, DiagnosticEntry, QuotaBucket
from channels_amazon.models.catalog import Category, Product, Translation, Variant
from channels_amazon.models.encrypted import (
    SecretTextField,
    dump_secret,
    key_fingerprints,
    load_secret,
)
from channels_amazon.models.endpoint import StoreEndpoint
from channels_amazon.models.exchange_rate import EuroRate, ManualRate, RatesFetch
from channels_amazon.models.health import HealthFinding, HealthReport, WriteProof
from channels_amazon.models.installation import Installation, InstallationHost
from channels_amazon.models.job import (
    FirstPass,
    Heartbeat,
    HeartbeatDetail,
    JobProgress,
    SyncJob,
    SyncRun,
)
from channels_amazon.models.latency import LatencyHour
from channels_amazon.models.listing import (
    PUSH_HELD,
    DriftState,
    Listing,
    Offer,
    PushState,
)
from channels_amazon.models.listing_feed import ListingFeed, ListingFeedMessage
from channels_amazon.models.maintenance import MaintenanceTask
from channels_amazon.models.notification import Notification
from channels_amazon.models.order import (
    Order,
    OrderLine,
    Reservation,
)
from channels_amazon.models.order_report import OrderReport
from channels_amazon.models.parcel import Parcel
from channels_amazon.models.personal_data import (
    OrderPersonalData,
    PersonalDataWord,
    PurgeProof,
)
from channels_amazon.models.reading_issue import ReadingIssue
from channels_amazon.models.returned import ReturnedUnits
from channels_amazon.models.scope import StoreQuerySet, StoreScoped
from channels_amazon.models.sentence import (
    SentenceField,
    label,
    translated,
    translated_packed,
)
from channels_amazon.models.ship_template import CarrierRule, ShipTemplate
from channels_amazon.models.shipment import Shipment, ShipmentLine
from channels_amazon.models.stock import (
    FbaStock,
    LedgerDifference,
    StockLevel,
    StockMovement,
)
from channels_amazon.models.stock_take import StockTake
from channels_amazon.models.store import Store, StoreMember, Warehouse
from channels_amazon.models.store_order import (
    FulfillmentLine,
    FulfillmentOrder,
    FulfillmentPackage,
    McfRule,
    StoreOrder,
    StoreOrderLine,
    StoreOrderPersonalData,
)
from channels_amazon.models.sync_rule import (
    NumberChange,
    RuleDryRun,
    RuleRevision,
    SyncRule,
)
from channels_amazon.models.user_settings import UserSettings

__all__ = [
    "AccessToken",
    "AmazonAccount",
    "ApiCall",
    "AuditEntry",
    "AuthorizationAttempt",
    "CarrierRule",
    "Category",
    "ClientSecret",
    "Credential",
    "DeveloperApplication",
    "DiagnosticEntry",
    "DriftState",
    "McfRule",
    "EuroRate",
    "FbaStock",
    "FulfillmentLine",
    "FulfillmentOrder",
    "FulfillmentPackage",
    "HealthFinding",
    "HealthReport",
    "Heartbeat",
    "HeartbeatDetail",
    "Installation",
    "InstallationHost",
    "JobProgress",
    "FirstPass",
    "LatencyHour",
    "LedgerDifference",
    "Listing",
    "ListingFeed",
    "ListingFeedMessage",
    "MaintenanceTask",
    "ManualRate",
    "MarketplaceParticipation",
    "Notification",
    "NumberChange",
    "Offer",
    "PUSH_HELD",
    "Order",
    "OrderLine",
    "OrderPersonalData",
    "OrderReport",
    "Parcel",
    "Permission",
    "PersonalDataWord",
    "Product",
    "PurgeProof",
    "PushState",
    "QuotaBucket",
    "RatesFetch",
    "ReadingIssue",
    "Reservation",
    "ReturnedUnits",
    "RuleDryRun",
    "RuleRevision",
    "SecretTextField",
    "SentenceField",
    "ShipTemplate",
    "Shipment",
    "ShipmentLine",
    "StockLevel",
    "StockMovement",
    "StockTake",
    "Store",
    "StoreEndpoint",
    "StoreMember",
    "StoreOrder",
    "StoreOrderLine",
    "StoreOrderPersonalData",
    "StoreQuerySet",
    "StoreScoped",
    "SyncJob",
    "SyncRule",
    "SyncRun",
    "Translation",
    "UserSettings",
    "Variant",
    "Warehouse",
    "WriteProof",
    "dump_secret",
    "label",
    "key_fingerprints",
    "load_secret",
    "translated",
    "translated_packed",
]
