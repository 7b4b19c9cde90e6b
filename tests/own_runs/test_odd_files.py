"""Odd files, as people really have them: each is read with the right values."""

import codecs

import numpy as np
import pytest

from course_utils import own_runs
from course_utils.own_runs.runs import make_runs

# Three runs: 125M, 350M and 1.3B parameters on 2.5B, 7B and 26B tokens, losses 3.31, 3.02 and 2.75 nats.
PARAMS, TOKENS, LOSS = [125e6, 350e6, 1.3e9], [2.5e9, 7e9, 26e9], [3.31, 3.02, 2.75]
PLAIN = "params,tokens,loss\n125000000,2.5e9,3.31\n350000000,7e9,3.02\n1300000000,2.6e10,2.75\n"
ZH = "模型,参数量（亿）,训练词元（亿）,验证损失\na,1.25,25,3.31\nb,3.5,70,3.02\nc,13,260,2.75\n"
VI = "lần chạy,số tham số (triệu),số token (tỷ),loss kiểm định\na,125,2.5,3.31\nb,350,7,3.02\nc,1300,26,2.75\n"
FR = "modèle;N (M);D (B);validation loss\né;125;2,5;3,31\nà;350;7;3,02\nç;1300;26;2,75\n"
BITS = np.array(LOSS) / np.log(2)

FILES = {
    "plain": PLAIN,
    "semicolons and decimal commas": "N;D;loss\n125000000;2,5e9;3,31\n350000000;7,0e9;3,02\n1300000000;2,6e10;2,75\n",
    "tabs": PLAIN.replace(",", "\t"),
    "bars": PLAIN.replace(",", "|"),
    "Windows line ends": PLAIN.replace("\n", "\r\n"),
    "UTF-8 with a byte order mark": codecs.BOM_UTF8 + PLAIN.encode(),
    "UTF-16 as Excel saves Unicode text": PLAIN.replace(",", "\t").encode("utf-16"),
    "Excel's separator line": "sep=;\n" + PLAIN.replace(",", ";"),
    "Chinese headings in UTF-8": ZH,
    "Chinese headings in GBK": ZH.encode("gbk"),
    "Vietnamese headings in UTF-8": VI,
    "French headings in Windows-1252": FR.encode("cp1252"),
    "thousands in quotation marks": 'params,tokens,loss\n"125,000,000","2,500,000,000",3.31\n'
    '"350,000,000","7,000,000,000",3.02\n"1,300,000,000","26,000,000,000",2.75\n',
    "thousands with points": "params;tokens;loss\n125.000.000;2.500.000.000;3,31\n"
    "350.000.000;7.000.000.000;3,02\n1.300.000.000;26.000.000.000;2,75\n",
    "thousands with spaces": "params,tokens,loss\n125 000 000,2 500 000 000,3.31\n"
    "350\u202f000\u202f000,7\u00a0000\u00a0000\u00a0000,3.02\n1 300 000 000,26 000 000 000,2.75\n",
    "thousands with apostrophes": "params,tokens,loss\n125'000'000,2.5e9,3.31\n"
    "350’000’000,7e9,3.02\n1'300'000'000,26e9,2.75\n",
    "suffixes in the cells": "model_size,tokens,val_loss\n125M,2.5B,3.31\n350M,7B tokens,3.02\n1.3B,26 B,2.75\n",
    "Chinese suffixes": "参数量,词元数,损失\n1.25 亿,25亿,3.31\n3.5亿,70 亿,3.02\n13亿,260亿,2.75\n",
    "Vietnamese suffixes": "tham số;số token;loss\n125 triệu;2,5 tỷ;3,31\n350 triệu;7 tỷ;3,02\n1,3 tỷ;26 tỷ;2,75\n",
    "powers of ten": "N,D,L\n1.25 × 10^8,2.5*10^9,3.31\n3.5×10⁸,7e9,3.02\n1.3E9,2.6 x 10^10,2.75\n",
    "units in the headings": "size_B,tokens [B],val_loss\n0.125,2.5,3.31\n0.35,7,3.02\n1.3,26,2.75\n",
    "other units": "N (M),D_T,loss (nats)\n125,0.0025,3.31\n350,0.007,3.02\n1300,0.026,2.75\n",
    "a factor in the heading": "params (1e6),tokens (10^9),loss\n125,2.5,3.31\n350,7,3.02\n1300,26,2.75\n",
    "log columns": "log10_params,logD,loss\n"
    + "".join(f"{np.log10(n)},{np.log10(d)},{y}\n" for n, d, y in zip(PARAMS, TOKENS, LOSS, strict=True)),
    "natural logs": "ln_params,ln(D),loss\n"
    + "".join(f"{np.log(n)},{np.log(d)},{y}\n" for n, d, y in zip(PARAMS, TOKENS, LOSS, strict=True)),
    "bits per token": "N (M),D (B),bits per token\n"
    + "".join(f"{n / 1e6},{d / 1e9},{y}\n" for n, d, y in zip(PARAMS, TOKENS, BITS, strict=True)),
    "perplexity": "N (M),D (B),val_ppl\n"
    + "".join(f"{n / 1e6},{d / 1e9},{np.exp(y)}\n" for n, d, y in zip(PARAMS, TOKENS, LOSS, strict=True)),
    "camel case": "nonEmbeddingParams,trainTokens,valLoss\n125000000,2.5e9,3.31\n"
    "350000000,7e9,3.02\n1300000000,2.6e10,2.75\n",
    "blank lines and comments": "# exported on Monday\n\n" + PLAIN.replace("\n3", "\n\n# half way\n3"),
    "a title above the table": "Our ladder,,\n" + PLAIN,
    "trailing delimiters": PLAIN.replace("\n", ",\n"),
    "no line end at the end": PLAIN.rstrip("\n"),
    "other columns around": "tokens_per_second,batch_tokens,lr,N,D,aux_loss,loss,tokens_per_param\n"
    "9e5,512,1e-3,125000000,2.5e9,0.01,3.31,20\n9e5,512,1e-3,350000000,7e9,0.01,3.02,20\n"
    "9e5,512,1e-3,1300000000,2.6e10,0.01,2.75,20\n",
    "two losses": "params,tokens,train_loss,val_loss\n"
    "125000000,2.5e9,3.2,3.31\n350000000,7e9,2.9,3.02\n1300000000,2.6e10,2.6,2.75\n",
    "full-width digits": "参数量,词元数,损失\n"
    "１２５００００００,2.5e9,３.３１\n350000000,7e9,3.02\n1300000000,26e9,2.75\n",
}


@pytest.mark.parametrize("content", FILES.values(), ids=FILES.keys())
def test_an_odd_file_is_read_with_the_right_values(content):
    reading = own_runs.read(content.encode() if isinstance(content, str) else content, name="odd.csv")
    runs = make_runs(reading)
    assert not [q for q in reading.questions if q.blocking]
    np.testing.assert_allclose(runs.params, PARAMS, rtol=1e-9)
    np.testing.assert_allclose(runs.tokens, TOKENS, rtol=1e-9)
    np.testing.assert_allclose(runs.loss, LOSS, rtol=1e-9)
    np.testing.assert_allclose(runs.flops, 6 * np.array(PARAMS) * TOKENS, rtol=1e-9)
    assert len(runs) == 3 and runs.excluded == ()


def test_windows_1258_is_told_from_its_neighbours():
    # Windows-1258 writes some tone marks after their letter.
    import unicodedata

    def spread(text):
        out = ""
        for letter in text:
            try:
                letter.encode("cp1258")
                out += letter
            except UnicodeEncodeError:
                base = unicodedata.normalize("NFD", letter)
                tone = [mark for mark in base if mark in "\u0300\u0301\u0303\u0309\u0323"]
                rest = "".join(mark for mark in base if mark not in tone)
                out += unicodedata.normalize("NFC", rest) + "".join(tone)
        return out.encode("cp1258")

    reading = own_runs.read(spread(VI), name="vi.csv")
    assert reading.table.encoding == "cp1258"
    assert reading.columns["params"].value == "số tham số (triệu)"
    np.testing.assert_allclose(make_runs(reading).params, PARAMS)


def test_every_encoding_keeps_its_name():
    assert own_runs.read(ZH.encode("gbk")).table.encoding == "gb18030"
    assert own_runs.read(FR.encode("cp1252")).table.encoding == "cp1252"
    assert own_runs.read(codecs.BOM_UTF8 + PLAIN.encode()).table.encoding == "utf-8-sig"


def test_bits_per_byte_stay_per_byte():
    runs = make_runs(own_runs.read(b"N,D,bpb\n1e8,1e9,1.1\n2e8,1e9,1.0\n4e8,1e9,0.95\n"))
    np.testing.assert_allclose(runs.loss, np.array([1.1, 1.0, 0.95]) * np.log(2))
    assert runs.per_byte and "per byte" in runs.notes[-1].words()


def test_pf_days_and_missing_tokens():
    runs = make_runs(own_runs.read(b"params,compute (PF-days),loss\n1e9,1,3.0\n2e9,2,2.9\n4e9,4,2.8\n"))
    np.testing.assert_allclose(runs.flops, [8.64e19, 2 * 8.64e19, 4 * 8.64e19])
    np.testing.assert_allclose(runs.tokens, runs.flops / (6 * runs.params))
    assert "D = C / 6N" in " ".join(note.words() for note in runs.notes)


def test_missing_compute_is_filled_in_and_said():
    runs = make_runs(own_runs.read(PLAIN.encode()))
    assert [note.key for note in runs.notes] == ["note.flops_filled"]


def test_six_nd_settles_a_unit_that_name_and_size_leave_open():
    text = "size,tokens,flops,loss\n" + "".join(
        f"{n / 1e9:.6g},{d:.6g},{6 * n * d:.6g},{y}\n" for n, d, y in zip(PARAMS, TOKENS, LOSS, strict=True)
    )
    reading = own_runs.read(text.encode())
    assert reading.units["params"].value == "billions"
    assert reading.units["params"].reason.key == "reason.six_nd"
    assert reading.questions == ()


def test_without_compute_the_same_unit_is_asked_for_and_not_guessed_away():
    text = "size,tokens,loss\n" + "".join(f"{n / 1e9},{d},{y}\n" for n, d, y in zip(PARAMS, TOKENS, LOSS, strict=True))
    reading = own_runs.read(text.encode())
    (question,) = reading.questions
    assert (question.role, question.kind, question.guess, question.blocking) == ("params", "unit", "billions", True)
    with pytest.raises(own_runs.Refusal) as refused:
        make_runs(reading)
    assert refused.value.code == "open_question"
    np.testing.assert_allclose(make_runs(reading.choose(units={"params": "millions"})).params, np.array(PARAMS) / 1e3)
    np.testing.assert_allclose(make_runs(reading.confirm()).params, PARAMS)


def test_log10_flops_without_a_name_are_asked_for():
    reading = own_runs.read(b"flops,loss\n18.0,3.5\n19.0,3.1\n20.0,2.8\n21.0,2.6\n")
    (question,) = reading.questions
    assert question.guess == "log10" and question.blocking
    np.testing.assert_allclose(make_runs(reading.confirm()).flops, [1e18, 1e19, 1e20, 1e21])


def test_a_loss_of_thirty_is_a_perplexity_once_confirmed():
    reading = own_runs.read(b"params,tokens,loss\n1e8,1e9,30.5\n2e8,1e9,24.1\n4e8,1e9,20.2\n")
    assert reading.units["loss"].value == "perplexity" and reading.questions[0].blocking
    np.testing.assert_allclose(make_runs(reading.confirm()).loss, np.log([30.5, 24.1, 20.2]))


def test_a_comma_that_may_be_either_is_asked_for():
    text = 'N (K);D (M);loss\n"1,250";"2,500";3\n"3,500";"7,000";3\n"9,100";"9,000";2\n'
    reading = own_runs.read(text.encode())
    assert [q.kind for q in reading.questions] == ["decimal"]
    np.testing.assert_allclose(make_runs(reading.choose(decimal=".")).params, [1.25e6, 3.5e6, 9.1e6])
    np.testing.assert_allclose(make_runs(reading.choose(decimal=",")).params, [1250.0, 3500.0, 9100.0])


def test_rival_columns_are_shown_and_can_be_chosen():
    text = b"params_total,params_non_embedding,tokens,loss\n2e8,1e8,1e9,3.1\n3e8,2e8,1e9,3.0\n5e8,4e8,1e9,2.9\n"
    reading = own_runs.read(text)
    (question,) = reading.questions
    assert question.options == ("params_total", "params_non_embedding") and not question.blocking
    chosen = reading.choose(columns={"params": "params_non_embedding"})
    assert chosen.questions == ()
    np.testing.assert_allclose(make_runs(chosen).params, [1e8, 2e8, 4e8])


def test_rows_are_left_out_with_their_reason_and_nothing_is_lost():
    text = (
        "run,params,tokens,loss,diverged,step\n"
        "a,1e8,1e9,3.5,False,100\n"
        "a,1e8,2e9,3.3,False,200\n"
        "b,2e8,2e9,NaN,False,200\n"
        "c,4e8,2e9,3.0,True,200\n"
        "d,4e8,,3.0,False,200\n"
        "e,4e8,2e9,diverged,False,200\n"
        "f,4e8,2e9,3.0,False,200\n"
        "f,4e8,2e9,3.0,False,200\n"
        "g,8e8,2e9,2.9,False,200\n"
    )
    runs = make_runs(own_runs.read(text.encode()).choose(leave_out=[10]))
    assert {row.line: row.reason.key for row in runs.excluded} == {
        2: "excluded.checkpoint",
        4: "excluded.missing",
        5: "excluded.unfinished",
        6: "excluded.blank",
        7: "excluded.missing",
        9: "excluded.copy",
        10: "excluded.yours",
    }
    assert len(runs) + len(runs.excluded) == runs.n_rows
    np.testing.assert_allclose(runs.params, [1e8, 4e8])


def test_runs_that_did_not_finish_are_left_out_by_their_state():
    text = "Name,State,N,D,loss\na,finished,1e8,2e9,3.5\nb,crashed,1e8,4e9,3.9\nc,running,2e8,2e9,4.1\nd,,4e8,8e9,3.1\n"
    runs = make_runs(own_runs.read(text.encode()))
    assert [(row.line, row.run) for row in runs.excluded] == [(3, "b"), (4, "c")]
    assert all("did not come to its end" in row.reason.words() for row in runs.excluded)


def test_a_budget_with_gaps_does_not_stop_the_rest():
    flops = np.repeat([1e19, 1e20], 4)
    params = np.sqrt(flops / 120) * np.tile([0.3, 0.7, 1.5, 3.2], 2)
    loss = 2 + 1e3 * params**-0.4 + 1e3 * (flops / 6 / params) ** -0.4
    rows = [f"{n},{c},{y},{'' if i == 3 else c}" for i, (n, c, y) in enumerate(zip(params, flops, loss, strict=True))]
    result = own_runs.analyse(("N,C,loss,budget\n" + "\n".join(rows)).encode(), n=20)
    assert len(result.isoflop.valleys) == 2


def test_a_data_frame_and_a_path_say_the_same(grid, tmp_path):
    path = tmp_path / "grid.csv"
    grid.to_csv(path, index=False)
    from_path, from_frame = make_runs(own_runs.read(path)), make_runs(own_runs.read(grid))
    np.testing.assert_array_equal(from_path.loss, grid["loss"])
    np.testing.assert_array_equal(from_frame.loss, grid["loss"])
    assert from_path.reading.name == "grid.csv"
    assert from_path.reading.table.sha256 == from_frame.reading.table.sha256


def test_the_arguments_of_a_reading_repeat_it():
    reading = own_runs.read(ZH.encode("gbk"), name="zh.csv").choose(leave_out=[3])
    again = own_runs.read(ZH.encode("gbk"), name="zh.csv", **reading.arguments())
    np.testing.assert_array_equal(make_runs(again).params, make_runs(reading).params)
    assert again.questions == ()
