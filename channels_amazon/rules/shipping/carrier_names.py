"""What sellers call carriers, and what Amazon calls them; data, rules layer.

Amazon's own spelling, in any case and spacing, needs no entry here.
"""

from __future__ import annotations

# Amazon's name first, then what sellers write for it; the first of those is shown.
LISTED: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Yun Express", ("云途", "云途物流", "YunExpress", "YunTu")),
    ("SF Express", ("顺丰速运", "顺丰", "顺丰国际", "顺丰快递", "SF", "ShunFeng")),
    ("Yanwen", ("燕文", "燕文物流", "Yanwen Logistics")),
    ("4PX", ("递四方", "递四方速递", "4PX Express")),
    ("WINIT", ("万邑通",)),
    ("China Post", ("中国邮政", "邮政", "邮政小包", "中国邮政小包", "邮政挂号小包")),
    ("EUB", ("e邮宝", "E邮宝", "国际e邮宝", "ePacket", "China Post ePacket")),
    ("ZTO Express", ("中通", "中通快递", "中通国际", "ZTO")),
    ("YTO Express", ("圆通", "圆通速递", "圆通国际", "YTO")),
    ("STO Express", ("申通", "申通快递", "STO")),
    ("Yunda Express", ("韵达", "韵达速递", "韵达快递", "Yunda")),
    ("Best Express", ("百世", "百世快递", "Best")),
    ("Beijing Quanfeng Express", ("全峰", "全峰快递")),
    ("Sunyou", ("顺友", "顺友物流")),
    ("WanbExpress", ("万邦", "万邦速达", "WanB", "WanB Express")),
    ("Chukou1", ("出口易",)),
    ("SFC", ("三态", "三态速递", "SFC Service")),
    ("YDH", ("义达", "义达国际", "YDH Express")),
    ("CNE", ("递一", "递一国际", "CNE Express")),
    ("ECMS", ("易客满", "ECMS Express")),
    ("JCEX", ("佳成", "佳成国际")),
    ("Equick", ("易速", "Equick Express")),
    ("UBI", ("UBI Smart Parcel",)),
    ("iMile", ("iMile Delivery",)),
    ("Hongkong Post", ("香港邮政", "Hong Kong Post")),
    ("Singapore Post", ("新加坡邮政", "SingPost")),
    ("Japan Post", ("日本邮政", "日本郵便")),
    ("Australia Post", ("澳大利亚邮政", "澳洲邮政", "AusPost")),
    ("Canada Post", ("加拿大邮政",)),
    ("Royal Mail", ("英国皇家邮政", "皇家邮政")),
    ("Deutsche Post", ("德国邮政",)),
    ("La Poste", ("法国邮政",)),
    ("Poste Italiane", ("意大利邮政",)),
    ("Correos", ("西班牙邮政",)),
    ("Post NL", ("荷兰邮政", "PostNL")),
    ("BPOST", ("比利时邮政",)),
    ("USPS", ("美国邮政",)),
    ("FedEx", ("联邦快递", "联邦", "Federal Express")),
    ("UPS", ("联合包裹", "United Parcel Service")),
    ("DHL", ("敦豪", "中外运敦豪")),
    ("DHL eCommerce", ("DHL电商", "DHL电子商务")),
    ("TNT", ("天地快运", "TNT快递")),
    ("Aramex", ("中东快递",)),
    ("Hermes UK", ("Evri",)),
    ("YAMATO", ("雅玛多", "大和运输", "黑猫宅急便", "ヤマト運輸", "ヤマト")),
    ("SAGAWA", ("佐川", "佐川急便")),
)

# Carriers that Amazon's list does not have, by the name to state beside OTHER.
UNLISTED: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("J&T Express", ("极兔", "极兔速递", "极兔国际", "J&T", "JT Express", "JTExpress")),
    ("Cainiao", ("菜鸟", "菜鸟国际", "菜鸟网络", "Cainiao Network")),
    ("China EMS", ("EMS", "邮政EMS", "中国邮政EMS", "邮政速递", "中国邮政速递物流")),
    (
        "GoodCang",
        (
            "谷仓",
            "谷仓海外仓",
        ),
    ),
    ("Deppon Express", ("德邦", "德邦快递", "Deppon")),
    ("JD Logistics", ("京东物流", "京东快递", "JD")),
    ("Speedaf", ("速达非",)),
    ("UniUni", ("UniUni Logistics",)),
    ("GOFO Express", ("GOFO", "CIRRO")),
    ("SpeedX", ("Speed X",)),
    ("YWE", ("燕文美国", "Yanwen Express US")),
)
