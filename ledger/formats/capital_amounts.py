"""Write and read amounts in words (大写): ¥107,000.53 is 壹拾万柒仟元零伍角叁分.

Written as 《支付结算办法》附一《正确填写票据和结算凭证的基本规定》 requires: 整 only after 元, one
零 for zeros between digits, （负数） before a red amount. Reading also accepts what invoices print:
圆 or 元, 整 or 正, 人民币 in front, and an optional 零 where the rules leave it open
(壹拾万零柒仟元伍角叁分, 捌拾元叁角贰分). Anything else is refused: the amount is written again and
must come out the same.
"""

import re

from ledger.units import FEN_MAX, Fen

_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_PLACES = ("仟", "佰", "拾", "")
_NEGATIVE = "（负数）"
_LENGTH_MAX = 60

_DIGIT = f"[{_DIGITS[1:]}]"
_BELOW_10000 = re.compile("".join(f"(?:({_DIGIT}){place})?" for place in _PLACES))
_AMOUNT = re.compile(f"(?:(.+)元)?零?(?:({_DIGIT})角)?零?(?:({_DIGIT})分)?")
_BEFORE = re.compile(r"[⊗ⓧ]?(?:人民币)?[:：]?(\((?:负数|负)\)|负)?(?:人民币)?")


def in_words(fen: Fen) -> str:
    """Write an amount in words; ValueError beyond the range of the books."""
    if abs(fen) > FEN_MAX:
        raise ValueError(fen)
    sign = _NEGATIVE if fen < 0 else ""
    return sign + _words(abs(fen))


def from_words(text: str) -> Fen:
    """Read an amount in words, in fen; ValueError if it is not an amount."""
    plain = re.sub(r"\s", "", text).translate(str.maketrans("圆正（）", "元整()"))
    before = _BEFORE.match(plain)
    if before is None or len(plain) > _LENGTH_MAX:
        raise ValueError(text)
    words = plain[before.end() :].removesuffix("整")
    parts = _AMOUNT.fullmatch(words)
    if parts is None or not words:
        raise ValueError(text)
    yuan, jiao, fen = parts.groups()
    amount = _whole(yuan or "") * 100 + _digit(jiao) * 10 + _digit(fen)
    if amount > FEN_MAX or _loose(words) != _loose(_words(amount).removesuffix("整")):
        raise ValueError(text)
    return -amount if before[1] else amount


def _words(fen: Fen) -> str:
    yuan, rest = divmod(fen, 100)
    jiao, last = divmod(rest, 10)
    whole = f"{_whole_words(yuan)}元" if yuan else ""
    if not rest:
        return f"{whole or '零元'}整"
    zero = "零" if whole and (yuan % 10 == 0 or not jiao) else ""
    cents = f"{_DIGITS[jiao]}角" if jiao else ""
    return whole + zero + cents + (f"{_DIGITS[last]}分" if last else "")


def _whole_words(number: int) -> str:
    """Write a number from 1 on, section by section (万, 亿); one 零 for leading zeros."""
    for size, name in ((10**8, "亿"), (10**4, "万")):
        if number >= size:
            high, low = divmod(number, size)
            zero = "零" if 0 < low < size // 10 else ""
            return _whole_words(high) + name + zero + (_whole_words(low) if low else "")
    digits = "".join(
        _DIGITS[int(d)] + (place if d != "0" else "")
        for d, place in zip(f"{number:04d}", _PLACES, strict=True)
    )
    return re.sub("零+", "零", digits).strip("零")


def _whole(words: str) -> int:
    """Read the number in these sections, ignoring 零."""
    for size, name in ((10**8, "亿"), (10**4, "万")):
        if name in words:
            high, _, low = words.rpartition(name)
            return _whole(high) * size + _whole(low)
    match = _BELOW_10000.fullmatch(words.replace("零", ""))
    if match is None:
        raise ValueError(words)
    return int("".join(str(_digit(digit)) for digit in match.groups()))


def _digit(word: str | None) -> int:
    return _DIGITS.index(word) if word else 0


def _loose(words: str) -> str:
    """Remove each optional 零, which does not change the amount."""
    words = re.sub("^零元(?=.)", "", words)
    words = re.sub("元零(?=.)", "元", words)
    words = re.sub("万零(?=.仟)", "万", words)
    return re.sub("亿零(?=.仟[^元]*万)", "亿", words).removeprefix("零")
