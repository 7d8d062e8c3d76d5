"""One Chinese word for one thing, and the trade's word at that."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

PO = (
    Path(__file__).resolve().parents[2]
    / "locale"
    / "zh_Hans"
    / "LC_MESSAGES"
    / "django.po"
)
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]")
# What once stood beside the word that is used, which is named behind it.
BANNED = {
    "追踪号": "物流单号",
    "运单号": "物流单号",
    "规格": "商品变体",
    "定期扫描": "订单巡检",
    "订单扫描": "订单巡检",
    "隔离": "异常",
    "重放": "重新处理",
    "丢弃": "作废",
    "工作进程": "后台进程",
    "我方": "系统",
    "Seller Central": "卖家平台",
    "卖家后台": "卖家平台",
    "请求 ID": "请求编号",
    "亚马逊账号": "亚马逊账户",
    "库存已占用": "库存已预留",
    "占用库存": "预留库存",
}
# Where the English names the thing, the Chinese does so by this word. Whole words,
# in either number; what is a verb ("offers", "held") is no entry.
GLOSSARY = {
    r"tracking numbers?": "物流单号",
    r"order sweep": "订单巡检",
    r"seller SKU": "卖家 SKU",
    r"in quarantine": "异常",
    r"safety stock": "安全库存",
    r"ship templates?": "发货模板",
    r"diagnostic logs?": "诊断日志",
    r"MCF": "多渠道配送",
    # "Product Listing" is a role at Amazon, which has its own name.
    r"(?<!Product )listings?": "刊登",
    r"variants?": "商品变体",
    r"backorders?": "缺货订单",
    r"Seller Central": "卖家平台",
    r"latest ship times?": "最晚发货时间",
    r"health check": "健康检查",
    r"refresh token": "刷新令牌",
}
# The words of the issue, each for its English.
AGREED = {
    "Nothing: no parcel yet": "无阻碍，等待包裹",
    "Stamp": "节点",
    "Our own processes": "系统进程",
    "That must go": "该订单清除期限",
    "Tracking number": "物流单号",
    "Login with Amazon accepts it, asked just now.": "已验证，密钥有效",
    "There is no such page for you.": "页面不存在或无权查看",
    "MFN": "自发货",
}


def messages() -> list[tuple[str, str]]:
    """Return each message with its Chinese."""
    with PO.open("rb") as file:
        return [
            (_first(message.id), _first(message.string))
            for message in read_po(file)
            if message.id
        ]


def _first(value: object) -> str:
    return str(value[0] if isinstance(value, list | tuple) else value)


@pytest.mark.parametrize(("banned", "used"), BANNED.items())
def test_no_second_word_for_one_thing(banned: str, used: str) -> None:
    assert [said for _english, said in messages() if banned in said] == [], used


@pytest.mark.parametrize(("english", "chinese"), GLOSSARY.items())
def test_a_thing_is_called_by_its_word(english: str, chinese: str) -> None:
    pattern = re.compile(rf"\b(?:{english})\b", re.IGNORECASE)
    wrong = [
        (text, said)
        for text, said in messages()
        if pattern.search(PLACEHOLDER.sub("", text)) and chinese not in said
    ]

    assert wrong == []


@pytest.mark.parametrize(("english", "chinese"), AGREED.items())
def test_agreed_word_stands(english: str, chinese: str) -> None:
    assert dict(messages())[english] == chinese


def test_nothing_in_quarantine_is_said_as_agreed() -> None:
    said = dict(messages())[
        "Nothing is in quarantine: every message and every order could be read."
    ]

    assert said.startswith("没有待处理的异常")
