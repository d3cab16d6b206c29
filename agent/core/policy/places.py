"""Place classes of the two regulations, as data (versioned; another province is a table).

Sources: REGULATION.md §5, compiled 2026-11-24. The Anhui lists come from the official
explanation of Order 270 (seen verbatim; the number of the article with the fourteen
classes is not stated there), those of Order 799 from notices and news that restate it.
The texts are this project's own short renderings.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique

from viewkeeper.agent.core.policy.rules import Grade

VERSION = "cn-34-2026-11"


@unique
class Ruling(StrEnum):
    """What a list says of its places."""

    MANDATORY = "mandatory"
    PERMITTED = "permitted"
    PROHIBITED = "prohibited"


@dataclass(frozen=True, slots=True)
class PlaceClass:
    """One class of places."""

    code: str
    ruling: Ruling
    article: str
    grade: Grade
    text_en: str
    text_zh: str


_ANHUI = "Anhui Order 270, fourteen classes before Art. 8 (article number not seen)"
_ANHUI_8 = "Anhui Order 270 Art. 8"
_N7 = "State Council Order 799 Art. 7"
_N8 = "State Council Order 799 Art. 8"


def _mandatory(code: str, en: str, zh: str) -> PlaceClass:
    return PlaceClass(code, Ruling.MANDATORY, _ANHUI, Grade.TEXT, en, zh)


def _prohibited(code: str, en: str, zh: str) -> PlaceClass:
    return PlaceClass(code, Ruling.PROHIBITED, _ANHUI_8, Grade.TEXT, en, zh)


def _article_7(code: str, en: str, zh: str) -> PlaceClass:
    return PlaceClass(code, Ruling.PERMITTED, _N7, Grade.SECOND_HAND, en, zh)


def _article_8(code: str, en: str, zh: str) -> PlaceClass:
    return PlaceClass(code, Ruling.PROHIBITED, _N8, Grade.SECOND_HAND, en, zh)


PLACE_CLASSES: tuple[PlaceClass, ...] = (
    _mandatory("M01", "key road sections, junctions, tunnels", "重要路段、路口、隧道"),
    _mandatory(
        "M02",
        "lobby, passages and entrances of hotels, cinemas, stadiums, entertainment, internet cafés",
        "旅馆、影剧院、体育场馆、娱乐场所、网吧的大厅、通道、出入口",
    ),
    _mandatory(
        "M03",
        "public passages and entrances of commercial centres, markets, expo, shopping streets",
        "商业中心、市场、会展场所、商业街的公共通道、出入口",
    ),
    _mandatory(
        "M04",
        "broadcasting, television, telecommunications, post, large data processing",
        "广播、电视、电信、邮政、大型数据处理单位的重要部位",
    ),
    _mandatory("M05", "buses, coaches, large public transport", "公交车、客车等大型公共交通工具"),
    _mandatory(
        "M06",
        "airports, ports, stations, metro, bus hubs, car parks",
        "机场、港口、车站、地铁、公交枢纽、停车场",
    ),
    _mandatory(
        "M07",
        "energy, water works, supply of water, power, fuel, gas and heat",
        "能源、水利以及供水、供电、供油、供气、供热单位的重要部位",
    ),
    _mandatory("M08", "dangerous goods and large stores", "危险物品及大型物资储备单位的重要部位"),
    _mandatory(
        "M09",
        "heritage, museums, archives, libraries",
        "文物保护单位、博物馆、档案馆、图书馆的重要部位",
    ),
    _mandatory("M10", "research and finance", "科研、金融单位的重要部位"),
    _mandatory(
        "M11",
        "schools, kindergartens, medical care, elder care, relief, child welfare",
        "学校、幼儿园、医疗、养老、救助、儿童福利机构的重要部位",
    ),
    _mandatory(
        "M12", "parks, scenic areas, squares, underpasses", "公园、风景区、广场、地下通道的重要部位"
    ),
    _mandatory("M13", "residential quarters", "居民住宅区的重要部位"),
    _mandatory("M14", "others by law", "法律、法规规定的其他场所"),
    _prohibited("X1", "hotel rooms, dormitory rooms", "旅馆客房、集体宿舍房间"),
    _prohibited(
        "X2",
        "public baths, changing, fitting and nursing rooms, toilets",
        "公共浴室、更衣室、试衣间、哺乳室、卫生间",
    ),
    _prohibited(
        "X3", "spots in banks that can expose customer data", "金融机构内可能泄露客户信息的部位"
    ),
    _prohibited("X4", "near ballot, polling and report boxes", "选举箱、投票点、举报箱附近"),
    _prohibited("X5", "other private places", "其他涉及隐私的场所、部位"),
    _article_7(
        "A1",
        "main roads, administrative borders, bridges, tunnels, underpasses, squares, "
        "surroundings of key protected units",
        "城乡主要路段、行政区域边界、桥梁、隧道、地下通道、广场、治安保卫重点单位周边区域",
    ),
    _article_7(
        "A2",
        "trade, exhibition, scenic, culture, sport, leisure, education, medical, "
        "government halls, parks, public car parks",
        "商贸中心、会展中心、旅游景区、文化体育娱乐场所、教育机构、医疗机构、政务服务大厅、公园、公共停车场",
    ),
    _article_7(
        "A3",
        "ports of entry, airports, harbours, locks, rail, coach and metro stations",
        "出境入境口岸、机场、港口客运站、通航建筑物、铁路客运站、汽车客运站、城市轨道交通站",
    ),
    _article_7(
        "A4",
        "trains, coaches, metro cars, ships",
        "客运列车、营运载客汽车、城市轨道交通车辆、客运船舶",
    ),
    _article_7(
        "A5", "service areas of motorways and trunk roads", "高速公路、普通国省干线的服务区"
    ),
    _article_8(
        "P1",
        "guest rooms and private dining rooms of lodging and catering",
        "宾馆、饭店、旅馆等的客房或者包间",
    ),
    _article_8(
        "P2",
        "student dormitory rooms, lodging and rest rooms of units",
        "学生宿舍房间、单位住宿、休息房间",
    ),
    _article_8(
        "P3",
        "inside public baths, toilets, changing, nursing and fitting rooms",
        "公共的浴室、卫生间、更衣室、哺乳室、试衣间内部",
    ),
    _article_8(
        "P4",
        "any other place where privacy could be filmed, peeped at or overheard",
        "其他能够拍摄、窥视、窃听他人隐私的区域、部位",
    ),
)
BY_CODE: dict[str, PlaceClass] = {place.code: place for place in PLACE_CLASSES}
ARTICLE_7_CODES = frozenset(place.code for place in PLACE_CLASSES if place.article == _N7)
