"""Guess from a column's heading what it holds and in which unit, in three languages and in the field's habits."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

ROLES = ("run", "params", "tokens", "flops", "loss", "budget", "step", "seed", "diverged")
"""What a column can be, in the order of reading."""

_WORDS = {
    "params": (
        "n|params|param|parameters|parameter|n params|num params|n parameters|num parameters|parameter count|"
        "param count|model size|size|model parameters|total params|params total|total parameters|n total|"
        "non embedding params|params non embedding|non embedding parameters|n non embedding|non embedding|"
        "nonembedding params|active params|params blocks and head|"
        "参数量|参数|参数数量|总参数量|模型参数量|非嵌入参数量|模型大小|模型规模|规模|"
        "tham số|số tham số|so tham so|tham so|kích thước mô hình|cỡ mô hình|kích cỡ mô hình|quy mô mô hình"
    ),
    "tokens": (
        "d|tokens|token|n tokens|num tokens|train tokens|training tokens|tokens seen|tokens trained|total tokens|"
        "tokens total|token count|dataset size|data size|training data|data tokens|"
        "词元|词元数|词元数量|训练词元|训练词元数|训练词元量|训练数据量|数据量|训练token数|token数|"
        "số token|so token|token huấn luyện|số token huấn luyện|dữ liệu|lượng dữ liệu|dữ liệu huấn luyện"
    ),
    "flops": (
        "c|flops|flop|flos|total flos|training flop|train flop|total flop|compute|"
        "training flops|train flops|total flops|flops total|"
        "training compute|train compute|compute flops|"
        "pf days|pfdays|pflop s days|petaflop s days|petaflop days|petaflops days|"
        "计算量|训练计算量|算力|总计算量|lượng tính toán|luong tinh toan|tính toán|chi phí tính toán"
    ),
    "loss": (
        "loss nats|val loss|validation loss|eval loss|valid loss|dev loss|test loss|heldout loss|held out loss|"
        "final loss|loss|l|"
        "final val loss|lm loss|ce loss|cross entropy|cross entropy loss|ce|xent|nll|nats per token|"
        "bpb|val bpb|bits per byte|bpc|bits per token|bpt|ppl|val ppl|perplexity|val perplexity|"
        "train loss|training loss|"
        "验证损失|验证集损失|测试损失|损失|损失值|最终损失|困惑度|验证困惑度|训练损失|"
        "loss kiểm định|loss cuối|hàm mất mát|mất mát|ham mat mat|độ hỗn loạn|perplexity kiểm định|loss huấn luyện"
    ),
    "budget": "budget|compute budget|flop budget|flops budget|isoflop|isoflop budget|预算|算力预算|计算预算|"
    "ngân sách|ngan sach|ngân sách tính toán",
    "run": "run|run id|run name|name|id|experiment|exp|experiment name|model|model name|label|"
    "训练|名称|编号|实验|实验名|模型|模型名称|运行|lần chạy|lan chay|tên|ten|tên mô hình|mô hình|thí nghiệm|mã",
    "step": "step|steps|iter|iters|iteration|iterations|global step|trainer global step|"
    "步|步数|训练步数|迭代|bước|số bước|so buoc",
    "seed": "seed|random seed|rng seed|种子|随机种子|hạt giống",
    "diverged": "diverged|is diverged|nan|failed|state|status|run state|run status|"
    "发散|是否发散|状态|phân kỳ|trạng thái",
}
_VOCABULARY = {role: tuple(words.split("|")) for role, words in _WORDS.items()}

# A column of tokens per second or per parameter is no column of tokens.
_NOT = {
    "params": {"per", "lr", "ratio", "每", "mỗi", "batch"},
    "tokens": {"per", "batch", "unique", "second", "sec", "s", "speed", "ratio", "context", "vocab", "每", "批", "mỗi"},
    "flops": {"per", "second", "sec", "mfu", "utilisation", "utilization", "每", "mỗi"},
    "loss": {"spike", "scale", "weight", "aux", "balance", "z", "std", "stderr", "excess", "oracle", "delta", "diff"},
    "run": {"size", "time", "seconds", "params"},
    "step": {"warmup", "time", "lr", "per"},
}

# Words of a heading that name a unit: for counts a scale, for losses a kind.
_SCALE_WORDS = {
    "k": "thousands", "thousand": "thousands", "thousands": "thousands", "千": "thousands", "nghìn": "thousands",
    "1e3": "thousands", "m": "millions", "mn": "millions", "mio": "millions", "million": "millions",
    "millions": "millions", "百万": "millions", "triệu": "millions", "1e6": "millions", "万": "ten_thousands",
    "亿": "hundred_millions", "b": "billions", "bn": "billions", "g": "billions", "billion": "billions",
    "billions": "billions", "十亿": "billions", "tỷ": "billions", "tỉ": "billions", "1e9": "billions",
    "t": "trillions", "tn": "trillions", "trillion": "trillions", "trillions": "trillions", "万亿": "trillions",
    "1e12": "trillions", "log10": "log10", "lg": "log10", "log": "log", "ln": "ln", "logn": "log",
}  # fmt: skip
_FLOPS_WORDS = {
    "gflops": "gigaflops", "gflop": "gigaflops", "gigaflops": "gigaflops", "1e9": "gigaflops", "tflops": "teraflops",
    "tflop": "teraflops", "teraflops": "teraflops", "1e12": "teraflops", "pflops": "petaflops", "pflop": "petaflops",
    "petaflops": "petaflops", "petaflop": "petaflops", "1e15": "petaflops", "eflops": "exaflops", "eflop": "exaflops",
    "exaflops": "exaflops", "exaflop": "exaflops", "1e18": "exaflops", "zflops": "zettaflops", "zflop": "zettaflops",
    "zettaflops": "zettaflops", "zettaflop": "zettaflops", "1e21": "zettaflops", "log10": "log10", "lg": "log10",
    "log": "log", "ln": "ln",
}  # fmt: skip
_LOSS_WORDS = (
    ("bits_per_byte", ("bpb", "bits per byte", "bits byte", "bit per byte", "bpc", "每字节", "mỗi byte")),
    ("perplexity", ("ppl", "perplexity", "困惑度", "độ hỗn loạn")),
    ("bits", ("bits", "bit", "bpt", "比特")),
    ("nats", ("nats", "nat")),
)


@dataclass(frozen=True)
class Match:
    """Hold how well a heading fits a role: 3 a known name, 2 a known name with a unit, 1 a known name inside it."""

    score: int
    rank: int


def tokens_of(heading: str) -> tuple[str, ...]:
    """Split a heading into lower-case words; camel case, brackets and underscores separate them.

    Examples
    --------
    >>> tokens_of("nonEmbedding_params (M)"), tokens_of("log10C")
    (('non', 'embedding', 'params', 'm'), ('log10', 'c'))
    """
    text = unicodedata.normalize("NFKC", heading).strip()
    text = re.sub(r"10\s*\^\s*(\d+)", r"1e\1", text)
    text = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=log10)(?=[A-Z])", " ", text).lower()
    text = re.sub(r"pf-?days?|pflop/s-?days?", "pf days", text)
    return tuple(word for word in re.split(r"[\s_\-./,:;()\[\]{}|%#*×]+", text) if word)


def _units(role: str) -> dict[str, str]:
    return {"params": _SCALE_WORDS, "tokens": _SCALE_WORDS, "flops": _FLOPS_WORDS, "budget": _FLOPS_WORDS}.get(role, {})


def match(heading: str, role: str) -> Match | None:
    """Tell how well a heading fits a role; None where it does not."""
    words = tokens_of(heading)
    bare = tuple(word for word in words if word not in _units(role))
    if role in ("flops", "budget") and not bare and any("flop" in word for word in words):
        bare = ("flops",) if role == "flops" else ()
    if _NOT.get(role, set()) & set(words) or any(mark in heading for mark in ("每", "占比")):
        return None
    best = None
    for rank, name in enumerate(_VOCABULARY[role]):
        parts = tuple(name.split())
        if words == parts:
            score = 3
        elif bare == parts or _without_loss_unit(role, words) == parts:
            score = 2
        elif _inside(parts, words):
            score = 1
        else:
            continue
        if best is None or (score, -rank) > (best.score, -best.rank):
            best = Match(score, rank)
    return best


def _without_loss_unit(role: str, words: tuple[str, ...]) -> tuple[str, ...]:
    if role != "loss":
        return ()
    units = {"bits", "bit", "nats", "nat", "per", "token"}
    return tuple(word for word in words if word not in units)


def _inside(parts: tuple[str, ...], words: tuple[str, ...]) -> bool:
    """Tell whether a name's words stand among a heading's; one letter alone proves nothing."""
    if len(parts) == 1 and len(parts[0]) == 1 and parts[0].isascii():
        return False
    if not parts[0].isascii() and len(parts) == 1:
        return any(parts[0] in word for word in words)  # Chinese does not part its words
    n = len(parts)
    return any(words[i : i + n] == parts for i in range(len(words) - n + 1))


def unit_named(heading: str, role: str) -> str | None:
    """Return the unit that a heading names, ``"log"`` where the base is open, or None.

    Examples
    --------
    >>> unit_named("size_B", "params"), unit_named("val_ppl", "loss"), unit_named("log C", "flops")
    ('billions', 'perplexity', 'log')
    """
    words = tokens_of(heading)
    if role == "loss":
        phrase = f" {' '.join(words)} "
        for unit, names in _LOSS_WORDS:
            for name in names:
                if f" {name} " in phrase or (not name.isascii() and name in phrase):
                    return "nats_per_byte" if unit == "nats" and " byte " in phrase else unit
        return None
    if role in ("flops", "budget") and "pf" in words and "days" in words:
        return "pf_days"
    if role in ("flops", "budget") and {"petaflop", "petaflops"} & set(words) and "days" in words:
        return "pf_days"
    known = _units(role)
    named = [known[word] for word in words if word in known]
    if not named and role in ("params", "tokens"):
        named = [unit for word, unit in _SCALE_WORDS.items() if not word.isascii() and _at_end(heading, word)]
    return named[-1] if named else None


def _at_end(heading: str, word: str) -> bool:
    return bool(re.search(rf"[（(/]\s*{re.escape(word)}\s*[）)]?\s*$", heading.lower()))


def candidates(header: Sequence[str], role: str) -> list[int]:
    """Return the columns that could play a role, the likeliest first."""
    found = [(match(heading, role), i) for i, heading in enumerate(header)]
    ranked = sorted((-hit.score, hit.rank, i) for hit, i in found if hit is not None)
    return [i for _, _, i in ranked]
