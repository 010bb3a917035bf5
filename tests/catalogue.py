"""The faults that ``make faults`` seeds, each with the check that has to notice it.

Most would mislead a reader without any error; some would only break the house rules that keep
such faults away. Each stands alone, and is made in a copy by ``faults.py``.
"""

from __future__ import annotations

import random
import re

from faults import (
    FORMAT,
    LINT,
    TYPES,
    Fault,
    NothingToChange,
    add,
    cell,
    drawing,
    figure,
    notebook,
    once,
    printed,
    pytest,
    swap,
    tagged,
)

SITE = pytest("tests/test_site.py", "tests/test_study.py", "tests/test_lighter.py")
"""What is checked on the pages after the strict build."""

BROWSER = pytest("tests/test_browser.py", needs=("a browser", "axe-core"))
FORMS = pytest("tests/test_notebooks.py")
ENVIRONMENT = pytest("tests/test_book.py", "tests/test_environment.py", "tests/test_workflows.py")
RECURRENCE = notebook("recurrence")
PROSE = "test_notebooks.py::test_every_number_in_the_prose_is_held_by_a_claim"
FAILED_BUILD = "the strict build failed"


def moved(svg: str) -> str:
    """A drawing with one point of its longest line two pixels away."""
    paths = re.findall(r' d="(M \d+\.[^"]+)"', svg)
    if not paths:
        raise NothingToChange("the drawing holds no path")
    longest = max(paths, key=len)
    numbers = list(re.finditer(r"\d+\.\d+", longest))
    at = numbers[len(numbers) // 2]
    bent = f"{longest[: at.start()]}{float(at[0]) + 1.5:.6f}{longest[at.end() :]}"
    return svg.replace(longest, bent)


def heavy(svg: str) -> str:
    """A drawing that no server can send in 15 KB: many points, in no order."""
    rng = random.Random(0)
    points = " ".join(f"L {rng.uniform(0, 500):.2f} {rng.uniform(0, 200):.2f}" for _ in range(4000))
    return svg.replace("</svg>", f'<path d="M 0 0 {points}"/></svg>')


def without_words(found: dict) -> None:
    del found["metadata"]["mystnb"]["image"]["alt"]


def another_number(kind: str, key: str, old: str, new: str):
    def change(found: dict) -> None:
        about = found["metadata"]["mystnb"][kind]
        about[key] = once(about[key], old, new, key)

    return change


STORED = [
    Fault(
        "stored-number",
        "a number in a notebook's stored output is changed",
        (printed("recurrence", "off by < 1e-12", "reset, off by 1.3", "reset, off by 1.4"),),
        RECURRENCE,
        "recurrence.ipynb::",
        r"off by 1\.4",
    ),
    Fault(
        "stored-figure",
        "a point of a stored figure lies elsewhere than the code draws it",
        (drawing("recurrence", "fig-recurrence-cold-start", moved),),
        RECURRENCE,
        "recurrence.ipynb::",
        "image/svg",
    ),
    Fault(
        "code-without-its-output",
        "a cell is edited and its notebook not executed",
        (
            cell(
                "recurrence",
                "held_out = corpus",
                "corpus.copy_task(32_001, 3,",
                "corpus.copy_task(32_001, 2,",
            ),
        ),
        RECURRENCE,
        "recurrence.ipynb::",
        "from zeros|AssertionError",
    ),
    Fault(
        "number-in-words-of-a-figure",
        "the alternative text of a figure gives another number than was measured",
        (
            figure(
                "recurrence",
                "fig-recurrence-cold-start",
                another_number("image", "alt", "lie at 1.5,", "lie at 2.5,"),
            ),
        ),
        FORMS,
        f"{PROSE}[recurrence]",
        r"2\.5",
    ),
    Fault(
        "number-in-a-caption",
        "a caption states a number that nothing computes",
        (
            figure(
                "recurrence",
                "fig-recurrence-cold-start",
                another_number("figure", "caption", "guessed blindly", "guessed 3.7 nats too high"),
            ),
        ),
        FORMS,
        f"{PROSE}[recurrence]",
        r"3\.7",
    ),
    Fault(
        "output-that-is-ignored",
        "the output of a cell is no longer compared",
        (tagged("recurrence", "off by < 1e-12", "nbval-ignore-output"),),
        FORMS,
        "test_notebooks.py::test_no_output_is_ignored[recurrence]",
    ),
    Fault(
        "sanitizer-that-swallows-numbers",
        "stored outputs are compared without their decimals",
        (
            add(
                "tests/nbval_sanitize.cfg",
                "\n[Rounding]\nregex: [0-9]+[.][0-9]+\nreplace: NUMBER\n",
            ),
        ),
        FORMS,
        "test_notebooks.py::test_what_is_replaced_before_outputs_are_compared",
    ),
    Fault(
        "figures-that-are-not-compared",
        "stored figures are only looked at for being there",
        (
            swap(
                "conftest.py",
                "IPyNbCell.sanitize = _sanitize_but_keep_drawings",
                "IPyNbCell.sanitize = _sanitize",
            ),
        ),
        FORMS,
        "test_notebooks.py::test_stored_drawings_are_compared_as_drawings",
    ),
    Fault(
        "figures-that-are-compared-with-half-an-eye",
        "drawings count as the same though a reader sees the difference",
        (swap("tests/drawings.py", "HALF_A_PIXEL = 0.375", "HALF_A_PIXEL = 37.5"),),
        pytest("tests/test_drawings.py"),
        "test_drawings.py::test_what_a_reader_would_see_is_a_difference",
    ),
    Fault(
        "cell-that-warns",
        "a cell warns, and the reader's page would show it",
        (
            cell(
                "recurrence",
                "off by < 1e-12",
                "long = seeds",
                "import warnings\n\nwarnings.warn('odd', stacklevel=1)\nlong = seeds",
            ),
        ),
        RECURRENCE,
        "recurrence.ipynb::",
        "stderr",
    ),
    Fault(
        "seed-forgotten",
        "a notebook draws from a generator without a seed",
        (
            cell(
                "recurrence", "off by < 1e-12", 'seeds.rng("long input")', "np.random.default_rng()"
            ),
        ),
        pytest("tests/test_seeds.py"),
        "test_seeds.py::test_every_draw_has_a_seed[recurrence.ipynb]",
    ),
    Fault(
        "seed-forgotten-in-a-helper",
        "a helper draws from a generator without a seed",
        (
            swap(
                "src/helpers/loaders.py",
                "np.random.default_rng(0), fresh",
                "np.random.default_rng(), fresh",
            ),
        ),
        pytest("tests/test_seeds.py"),
        "test_seeds.py::test_every_draw_has_a_seed[loaders.py]",
    ),
    Fault(
        "draw-from-the-old-generator",
        "a notebook draws from numpy's one generator for all",
        (
            cell(
                "recurrence",
                "off by < 1e-12",
                'seeds.rng("long input").normal(size=(24, 3, 27))',
                "np.random.randn(24, 3, 27)",
            ),
        ),
        LINT,
        "",
        r"notebooks/recurrence\.ipynb.*NPY002",
    ),
    Fault(
        "kept-result-of-other-code",
        "the code of an experiment has changed since its result was kept",
        (swap("src/helpers/experiments/recurrence.py", "HIDDEN_SIZE = 32", "HIDDEN_SIZE = 33"),),
        pytest("tests/test_experiments.py"),
        "test_experiments.py::test_a_kept_result_is_there_and_not_stale[recurrence_seconds]",
    ),
    Fault(
        "kept-result-of-other-helpers",
        "a helper that an experiment calls has changed since its result was kept",
        (swap("src/helpers/train.py", "beta2: float = 0.999,", "beta2: float = 0.99,"),),
        pytest("tests/test_experiments.py"),
        "test_experiments.py::test_a_kept_result_is_there_and_not_stale[layout_shuffling]",
    ),
]

CLAIMED = [
    Fault(
        "number-without-a-claim",
        "the prose states a number that nothing computes",
        (
            cell(
                "recurrence",
                "The zeros tell it nothing",
                "The zeros",
                "It is 3.7 times worse. The zeros",
            ),
        ),
        FORMS,
        f"{PROSE}[recurrence]",
        r"3\.7 in",
    ),
    Fault(
        "claim-left-out",
        "the cell that held a number of the prose is gone",
        (
            cell(
                "recurrence",
                'claim("lies near 0.4"',
                'claim("lies near 0.4", carried.mean(), within=0.1)\n',
                "",
            ),
        ),
        FORMS,
        f"{PROSE}[recurrence]",
        r"0\.4 in",
    ),
    Fault(
        "number-changed-but-not-its-claim",
        "the prose states another number than its claim",
        (
            cell(
                "recurrence",
                "The zeros tell it nothing",
                "less than 0.1 nats",
                "less than 0.01 nats",
            ),
        ),
        FORMS,
        "test_notebooks.py::test_every_claimed_phrase_stands_in_the_prose[recurrence]",
        r"less than 0\.1 nats",
    ),
    Fault(
        "claim-that-is-false",
        "prose and claim agree on a number that was not measured",
        (
            cell("recurrence", "Not one more.", "has 11,100 weights", "has 11,200 weights"),
            cell("recurrence", 'claim("has 11,100', "has 11,100 weights", "has 11,200 weights"),
        ),
        RECURRENCE,
        "recurrence.ipynb::",
        "the prose says 'has 11,200 weights'",
    ),
    Fault(
        "claim-with-a-wide-margin",
        "a claim would hold whatever was measured",
        (
            cell(
                "recurrence",
                'claim("lies near 0.4"',
                "carried.mean(), within=0.1",
                "carried.mean(), within=9",
            ),
        ),
        FORMS,
        "test_notebooks.py::test_a_claim_holds_the_digits_that_it_states[recurrence]",
        r"lies near 0\.4",
    ),
    Fault(
        "claim-that-accepts-everything",
        "`claim` no longer compares",
        (
            swap(
                "src/helpers/checks/__init__.py",
                "    if not right:\n        raise Asser",
                "    if False:\n        raise Asser",
            ),
        ),
        pytest("tests/test_checks.py"),
        "test_checks.py::test_a_false_claim_raises",
    ),
    Fault(
        "measurement-that-equals-a-setting",
        "a measured number of the prose happens to be the value of a setting",
        (
            cell(
                "recurrence",
                "The zeros tell it nothing",
                "The zeros",
                "It is 16 times worse. The zeros",
            ),
        ),
        FORMS,
        f"{PROSE}[recurrence]",
        "16 in",
    ),
    Fault(
        "measurement-without-a-unit-that-equals-a-setting",
        "the same, where no word beside the number says that it was measured",
        (
            cell(
                "recurrence",
                "The zeros tell it nothing",
                "The zeros",
                "The curves meet at 16. The zeros",
            ),
        ),
        FORMS,
        f"{PROSE}[recurrence]",
        "16 in",
        hole="a number that a cell sets needs no claim, unless a unit says that it was measured",
    ),
    Fault(
        "number-on-a-page",
        "a page repeats a chapter's number wrongly",
        (
            swap(
                "book/errata.md",
                "a perplexity of 1.82.\n  The mean",
                "a perplexity of 1.92.\n  The mean",
            ),
        ),
        pytest("tests/test_pages.py"),
        "test_pages.py::test_every_number_of_a_page_is_given_or_names_its_claim[errata]",
        r"1\.[89]2",
    ),
    Fault(
        "verdict-that-contradicts-itself",
        "the table of answers says otherwise than the answer below it",
        (
            swap(
                "book/original_answer.md",
                "through”\n\n**Wrong.**",
                "through”\n\n**Right.**",
            ),
        ),
        pytest("tests/test_lookup_pages.py"),
        "test_lookup_pages.py::test_the_verdict_at_a_glance_is_the_verdict_below",
    ),
]

GRADIENTS = [
    Fault(
        "sign-of-the-gradient",
        "the derivative of the next state is subtracted",
        (
            swap(
                "src/helpers/bptt.py",
                "        add(before, product, before)",
                "        np.subtract(before, product, before)",
            ),
        ),
        pytest("tests/test_bptt.py"),
        "test_bptt.py::test_derivative_along_a_direction_is_the_central_difference",
    ),
    Fault(
        "sign-of-the-gradient-lstm",
        "the forget gate's part of the gradient has the wrong sign",
        (
            swap(
                "src/helpers/lstm.py",
                "slopes[:, :, 1] = memory * f",
                "slopes[:, :, 1] = -memory * f",
            ),
        ),
        pytest("tests/test_bptt.py", "tests/test_lstm.py"),
        "test_bptt.py::test_derivative_along_a_direction_is_the_central_difference",
    ),
    Fault(
        "sign-of-the-gradient-gru",
        "the update gate's part of the gradient has the wrong sign",
        (swap("src/helpers/gru.py", "(before - n) * z", "(n - before) * z"),),
        pytest("tests/test_bptt.py", "tests/test_gru.py"),
        "test_bptt.py::test_derivative_along_a_direction_is_the_central_difference",
    ),
    Fault(
        "transpose-forgotten",
        "the way back goes through W_hh itself; the matrix is square, so nothing breaks",
        (
            swap(
                "src/helpers/bptt.py",
                "params.W_hh.T, np.empty((B, H)",
                "params.W_hh, np.empty((B, H)",
            ),
        ),
        pytest("tests/test_bptt.py"),
        "test_bptt.py::test_derivative_along_a_direction_is_the_central_difference",
    ),
    Fault(
        "transpose-forgotten-by-lag",
        "the same in the gradient by lag",
        (swap("src/helpers/bptt.py", "(da @ params.W_hh.T)", "(da @ params.W_hh)"),),
        pytest("tests/test_bptt.py"),
        "test_bptt.py::test_lags_sum_to_the_full_gradient",
    ),
    Fault(
        "transpose-forgotten-on-the-way-forward",
        "the state goes through the transpose of W_hh",
        (swap("src/helpers/rnn.py", "dtype), params.W_hh, h[0]", "dtype), params.W_hh.T, h[0]"),),
        pytest("tests/test_rnn.py"),
        "test_rnn.py::test_forward_is_one_step_after_another",
    ),
    Fault(
        "transpose-forgotten-for-torch",
        "torch gets weights that are not transposed",
        (
            swap(
                "src/helpers/torch_twin.py",
                "(layer.weight_hh_l0, params.W_hh.T)",
                "(layer.weight_hh_l0, params.W_hh)",
            ),
        ),
        pytest("tests/test_torch_twin.py"),
        "test_torch_twin.py::test_loss_and_all_gradients_are_those_of_autograd",
    ),
    Fault(
        "loss-without-its-mean",
        "the derivative of the loss is that of the sum over streams",
        (
            swap(
                "src/helpers/rnn.py",
                "share = np.full((T, B), 1 / (T * B))",
                "share = np.full((T, B), 1 / T)",
            ),
        ),
        pytest("tests/test_rnn.py", "tests/test_bptt.py"),
        "test_bptt.py::test_minibatch_is_the_mean_of_its_sequences",
    ),
    Fault(
        "padding-that-counts",
        "a place that is filled up counts in the loss",
        (
            swap(
                "src/helpers/sequences.py",
                "np.full((T, B), FILLER), np.zeros((T, B))",
                "np.full((T, B), FILLER), np.ones((T, B))",
            ),
        ),
        pytest("tests/test_sequences.py"),
        "test_sequences.py::test_padding_with_weights_gives_the_loss_and_gradient_of_single_sequences",
    ),
    Fault(
        "padding-that-counts-in-the-mean",
        "the loss is divided by all places, the filled ones too",
        (
            swap(
                "src/helpers/rnn.py",
                "np.asarray(weight / weight.sum())",
                "np.asarray(weight / weight.size)",
            ),
        ),
        pytest("tests/test_rnn.py"),
        "test_rnn.py::test_padding_counts_for_nothing",
    ),
    Fault(
        "state-after-the-padding",
        "the last state of a short sequence is the one after its filling",
        (swap("src/helpers/sequences.py", "part[steps, np.arange(B)]", "part[-1, np.arange(B)]"),),
        pytest("tests/test_sequences.py"),
        "test_sequences.py::test_last_states_are_those_of_single_sequences_and_of_packing",
    ),
    Fault(
        "lag-off-by-one",
        "a gradient is booked one lag too far",
        (
            swap(
                "src/helpers/bptt.py",
                "        inflow = inflow[1:]\n",
                "        inflow = inflow[1:] if lag else inflow[:-1]\n",
            ),
        ),
        pytest("tests/test_bptt.py"),
        "test_bptt.py::test_a_lag_is_what_one_loss_sends_so_far",
    ),
    Fault(
        "noise-with-the-wrong-divisor",
        "the variance of the gradients divides by one sample less",
        (
            swap(
                "src/helpers/measure.py",
                "** 2).sum() / len(samples))",
                "** 2).sum() / (len(samples) - 1))",
            ),
        ),
        pytest("tests/test_measure.py"),
        "test_measure.py::test_minibatch_variance_is_what_all_minibatches_show",
    ),
]

EDGES = [
    Fault(
        "state-not-carried",
        "training starts every window from zeros though the state is to be carried",
        (
            swap(
                "src/helpers/train.py",
                "truncation.next_state(edge, tape)\n        tokens += window.x.size\n        yield",
                "None\n        tokens += window.x.size\n        yield",
            ),
        ),
        pytest("tests/test_train.py"),
        "test_train.py::test_at_a_rate_of_0_training_sees_the_loss_of_one_long_window",
    ),
    Fault(
        "state-not-carried-in-evaluation",
        "held-out text is read from zeros at every window",
        (swap("src/helpers/train.py", "None if window.fresh else state)", "None)"),),
        pytest("tests/test_train.py"),
        "test_train.py::test_evaluate_does_not_depend_on_T_when_the_state_is_carried",
    ),
    Fault(
        "state-carried-where-it-is-reset",
        "the edge asks for a reset and the state goes on",
        (
            swap(
                "src/helpers/truncation.py",
                " if checked_edge(edge) is Edge.CARRY else None\n",
                " if checked_edge(edge) else None\n",
            ),
        ),
        pytest("tests/test_truncation.py", "tests/test_train.py"),
        "test_train.py::test_reset_starts_every_window_from_zeros",
    ),
    Fault(
        "state-carried-into-a-fresh-window",
        "a window that continues nothing gets the state of the window before it",
        (swap("src/helpers/train.py", "        if window.fresh:\n            state = None\n", ""),),
        pytest("tests/test_train.py"),
        "test_train.py::test_fresh_windows_start_from_zeros_though_the_state_is_carried",
    ),
    Fault(
        "state-carried-across-documents",
        "a reset inside a window is not obeyed",
        (
            swap(
                "src/helpers/rnn.py",
                "previous = np.where(reset[t, :, None], 0, previous)",
                "previous = np.where(reset[t, :, None], 1, 1) * previous",
            ),
        ),
        pytest("tests/test_rnn.py"),
        "test_rnn.py::test_reset_means_separate_sequences",
    ),
    Fault(
        "state-of-the-step-before",
        "the state that is carried is that of the last step but one",
        (
            swap(
                "src/helpers/truncation.py",
                "tape.state(len(tape.x)) if",
                "tape.state(len(tape.x) - 1) if",
            ),
        ),
        pytest("tests/test_truncation.py"),
        "test_truncation.py::test_next_state_continues_the_sequence",
    ),
    Fault(
        "cut-forgotten",
        "the gradient flows on over the edge of a window",
        (swap("src/helpers/truncation.py", "Segment(max(0, i + k1 - k2), i,", "Segment(0, i,"),),
        pytest("tests/test_truncation.py"),
        "test_truncation.py::test_segments_follow_the_plan",
    ),
    Fault(
        "cut-forgotten-at-a-reset",
        "the gradient flows back into the document before",
        (
            swap(
                "src/helpers/bptt.py",
                "product[reset[T - back]] = 0",
                "product[reset[T - back]] *= 1",
            ),
        ),
        pytest("tests/test_bptt.py"),
        "test_bptt.py::test_no_gradient_crosses_a_reset",
    ),
    Fault(
        "cut-forgotten-in-torch",
        "the memory of the LSTM keeps its history",
        (
            swap(
                "src/helpers/torch_loop.py",
                "return tuple(part.detach() for part in state)",
                "return (state[0].detach(), *state[1:])",
            ),
        ),
        pytest("tests/test_torch_loop.py"),
        "test_torch_loop.py::test_a_detached_state_keeps_its_value",
    ),
    Fault(
        "cut-one-step-too-early",
        "the backward pass visits one cell less than k2 says",
        (swap("src/helpers/truncation.py", "max(0, i + k1 - k2)", "max(0, i + k1 - k2 + 1)"),),
        pytest("tests/test_truncation.py"),
        "test_truncation.py::test_sliding_gives_each_loss_its_last_k_cells",
    ),
    Fault(
        "depth-counted-from-zero",
        "a loss's own cell is not counted in its depth",
        (
            swap(
                "src/helpers/truncation.py",
                "s.stop) - s.first + 1 for s",
                "s.stop) - s.first for s",
            ),
        ),
        pytest("tests/test_truncation.py"),
        "test_truncation.py::test_depths_and_cells_visited_count_the_segments",
    ),
    Fault(
        "mean-of-means",
        "a short last window counts as much as a full one in the evaluation",
        (
            swap(
                "src/helpers/train.py",
                "window.y)[0] * window.x.size\n        tokens += window.x.size",
                "window.y)[0]\n        tokens += 1",
            ),
        ),
        pytest("tests/test_train.py"),
        "test_train.py::test_evaluate_weighs_tokens_not_windows",
    ),
    Fault(
        "mean-of-means-in-training",
        "a short last window makes as large an update as a full one",
        (
            swap(
                "src/helpers/train.py",
                "            dlogits *= window.x.size / full\n",
                "            dlogits *= 1\n",
            ),
        ),
        pytest("tests/test_train.py"),
        "test_train.py::test_a_short_last_window_counts_for_its_tokens",
    ),
    Fault(
        "clipped-before-it-is-weighed",
        "the gradient of a short window is clipped at full length and shortened afterwards",
        (
            swap(
                "src/helpers/train.py",
                "            dlogits *= window.x.size / full\n",
                "            dlogits *= 1\n",
            ),
            swap(
                "src/helpers/train.py",
                "        rate = learning_rate(update)",
                "        grads = grads.map(lambda g: g * (window.x.size / full))\n"
                "        rate = learning_rate(update)",
            ),
        ),
        pytest("tests/test_train.py"),
        "test_train.py::test_fit_is_the_loop_written_out",
    ),
    Fault(
        "norm-after-clipping",
        "the record tells the length of the gradient after it was clipped",
        (
            swap(
                "src/helpers/train.py",
                "yield Record(update, tokens, loss, norm, params)",
                "yield Record(update, tokens, loss, min(norm, max_norm or norm), params)",
            ),
        ),
        pytest("tests/test_train.py"),
        "test_train.py::test_fit_is_the_loop_written_out",
    ),
    Fault(
        "adam-without-its-correction",
        "the first steps of Adam are not corrected for starting at zero",
        (swap("src/helpers/train.py", "rate * (m / (1 - b1**n))", "rate * m"),),
        pytest("tests/test_train.py"),
        "test_train.py::test_adam_is_torchs",
    ),
]

COUNTS = [
    Fault(
        "account-off-by-one",
        "the last token of each stream counts as an input",
        (
            swap(
                "src/helpers/layout.py",
                "targets, updates = (L - 1) * B, -(-(L - 1) // T)",
                "targets, updates = L * B, -(-(L - 1) // T)",
            ),
        ),
        pytest("tests/test_layout.py"),
        "test_layout.py::test_account_is_what_one_counts",
    ),
    Fault(
        "updates-rounded-down",
        "a short last window is no update in the account",
        (
            swap(
                "src/helpers/layout.py",
                "(L - 1) * B, -(-(L - 1) // T)",
                "(L - 1) * B, max(1, (L - 1) // T)",
            ),
        ),
        pytest("tests/test_layout.py"),
        "test_layout.py::test_account_is_what_one_counts",
    ),
    Fault(
        "streams-by-a-view",
        "the corpus is dealt to the streams token by token; the shape is right",
        (
            swap(
                "src/helpers/layout.py",
                "ids[: L * B].reshape(B, L).T",
                "ids[: L * B].reshape(L, B)",
            ),
        ),
        pytest("tests/test_layout.py"),
        "test_layout.py::test_each_stream_is_a_contiguous_piece",
    ),
    Fault(
        "streams-one-token-short",
        "every stream loses its last token",
        (
            swap(
                "src/helpers/layout.py",
                "    return ids[: L * B].reshape(B, L).T",
                "    return ids[: L * B].reshape(B, L).T[: max(2, L - 1)]",
            ),
        ),
        pytest("tests/test_layout.py"),
        "test_layout.py::test_each_stream_is_a_contiguous_piece",
    ),
    Fault(
        "target-that-is-the-input",
        "the network is asked for the token that it has just read",
        (
            swap(
                "src/helpers/layout.py",
                "streams[start + 1 : stop + 1], start,",
                "streams[start:stop], start,",
            ),
        ),
        pytest("tests/test_layout.py"),
        "test_layout.py::test_windows_conserve_tokens",
    ),
    Fault(
        "windows-without-the-short-one",
        "the last, short window is dropped though nobody asked for it",
        (
            swap(
                "src/helpers/layout.py",
                "last - T + 1 if drop_last else last, T)",
                "last - T + 1, T)",
            ),
        ),
        pytest("tests/test_layout.py"),
        "test_layout.py::test_windows_conserve_tokens",
    ),
    Fault(
        "target-that-wraps-around",
        "the last target of a stream is the first token of the corpus",
        (
            swap(
                "src/helpers/loaders.py",
                "    return _read(laid[:-1], laid[1:], T, keep_short=False)",
                "    return _read(laid, np.roll(laid, -1, axis=0), T, keep_short=False)",
            ),
        ),
        pytest("tests/test_loaders.py"),
        "test_loaders.py::test_a_loader_is_what_its_definition_says",
    ),
    Fault(
        "broken-loader-that-is-right",
        "the loader that is shown for its fault has none",
        (
            swap(
                "src/helpers/loaders.py",
                "replace(window, y=np.roll(window.x, -1, axis=0)) for",
                "replace(window, y=window.y) for",
            ),
        ),
        pytest("tests/test_loaders.py"),
        "test_loaders.py::test_every_fault_has_a_signature_of_its_own",
    ),
    Fault(
        "bytes-off-by-one",
        "the initial state is not counted in the bytes of a window",
        (swap("src/helpers/budget.py", "(each * T + once) + V * T", "each * T + V * T"),),
        pytest("tests/test_budget.py"),
        "test_budget.py::test_its_bytes_are_those_of_a_real_tape",
    ),
    Fault(
        "depths-off-by-one",
        "a short window has one loss too many of the deepest",
        (swap("src/helpers/budget.py", "(full + (d <= rest))", "(full + (d <= rest + 1))"),),
        pytest("tests/test_budget.py"),
        "test_budget.py::test_its_counts_are_those_of_the_windows_and_of_the_plan",
    ),
    Fault(
        "weights-off-by-one",
        "the bias of the output layer is not counted",
        (
            swap(
                "src/helpers/budget.py",
                "return recurrent + H * V + V\n",
                "return recurrent + H * V + V - 1\n",
            ),
        ),
        pytest("tests/test_budget.py"),
        "test_budget.py::test_",
        "parameters",
    ),
    Fault(
        "share-of-the-signal-off-by-one",
        "the closed form counts depths from 0",
        (
            swap(
                "src/helpers/closed_form.py",
                "np.minimum(np.arange(1, T + 1), D)",
                "np.minimum(np.arange(T), D)",
            ),
        ),
        pytest("tests/test_closed_form.py"),
        "test_closed_form.py::test_windows_keep_what_the_two_formulas_say",
    ),
    Fault(
        "perplexity-as-the-mean-of-exps",
        "a chapter takes exp before the mean",
        (
            cell(
                "ragged",
                "perplexity = np.exp(in_pieces",
                "np.exp(in_pieces(1_024)[0])",
                "np.exp(in_pieces(8)).mean()",
            ),
        ),
        notebook("ragged"),
        "ragged.ipynb::",
        "AssertionError",
    ),
    Fault(
        "one-seed-for-all-names",
        "two experiments share their draws",
        (swap("src/helpers/seeds.py", ", *name.encode()]", "]"),),
        pytest("tests/test_seeds.py"),
        "test_seeds.py::test_two_uses_share_no_draws",
    ),
    Fault(
        "as-many-threads-as-there-are",
        "sums are taken in the order of the machine's cores",
        (swap("src/helpers/seeds.py", "    threadpool_limits(1)\n", ""),),
        pytest("tests/test_seeds.py"),
        "test_seeds.py::test_deterministic_leaves_one_thread_and_does_not_load_torch",
    ),
    Fault(
        "example-in-a-docstring",
        "an example in a docstring gives another result",
        (
            swap(
                "src/helpers/layout.py",
                "Accounting(targets=9980, updates=15,",
                "Accounting(targets=9980, updates=14,",
            ),
        ),
        pytest("src/helpers/layout.py"),
        "layout.py::helpers.layout.account",
        "updates=15",
    ),
]

EXERCISES = [
    Fault(
        "solution-that-fails",
        "the printed solution of an exercise is wrong",
        (cell("recurrence", "def states_of(", "h @ W_hh", "h @ W_hh.T"),),
        RECURRENCE,
        "recurrence.ipynb::",
        "forward: not yet",
    ),
    Fault(
        "solution-stored-as-failing",
        "a solution is wrong and its notebook was executed",
        (
            cell("recurrence", "def states_of(", "h @ W_hh", "h @ W_hh.T"),
            printed("recurrence", "def states_of(", "forward: correct", "forward: not yet, turned"),
        ),
        FORMS,
        "test_notebooks.py::test_exercises_come_in_five_cells_that_pair_up[recurrence]",
    ),
    Fault(
        "solution-in-sight",
        "a solution is shown before the reader has tried",
        (cell("recurrence", "{solution-start} ex-recurrence-forward", ":class: dropdown\n", ""),),
        FORMS,
        "test_notebooks.py::test_exercises_come_in_five_cells_that_pair_up[recurrence]",
    ),
    Fault(
        "check-that-accepts-a-wrong-answer",
        "a check takes the loop without a first state for right",
        (
            swap(
                "src/helpers/checks/recurrence.py",
                "[_forward_case(4, 3), _forward_case(3, 3)])",
                "[_forward_case(4, 3), _forward_case(3, 3)], within=1e9)",
            ),
        ),
        pytest("tests/test_checks_recurrence.py"),
        "test_checks_recurrence.py::test_forward",
    ),
    Fault(
        "check-that-looks-at-the-shape-only",
        "two arrays of one shape count as equal",
        (swap("src/helpers/checks/__init__.py", "    if equal.all():", "    if equal.any():"),),
        pytest("tests/test_checks.py"),
        "test_checks.py::test_report_judges_arrays_truth_values_and_words",
    ),
    Fault(
        "check-that-refuses-the-right-answer",
        "a check wants the ticks of one stream more",
        (
            swap(
                "src/helpers/checks/recurrence.py",
                "        calls,\n        35,",
                "        calls,\n        36,",
            ),
        ),
        pytest("tests/test_checks_recurrence.py"),
        "test_checks_recurrence.py::test_",
        "calls",
    ),
    Fault(
        "hint-for-another-mistake",
        "a common wrong answer gets no hint",
        (
            swap(
                "src/helpers/checks/ragged.py",
                "float(np.average(np.exp(loss), weights=n)),",
                "float(np.average(np.exp(loss), weights=n)) + 1,",
            ),
        ),
        pytest("tests/test_checks_ragged.py"),
        "test_checks_ragged.py::test_wrong_perplexities_are_refused_with_their_hint",
    ),
    Fault(
        "two-right-choices",
        "a question has two right choices",
        (cell("recurrence", "## Check yourself", "Wrong, unless B = 1.", "Right, unless B > 1."),),
        SITE,
        "test_study.py::test_each_question_has_one_right_choice_and_a_reason_for_each",
    ),
    Fault(
        "choice-without-a-reason",
        "a wrong choice does not say why",
        (
            cell(
                "recurrence",
                "## Check yourself",
                "Wrong, unless B = 1. Every stream hands in one.",
                "Wrong.",
            ),
        ),
        SITE,
        "test_study.py::test_each_question_has_one_right_choice_and_a_reason_for_each",
    ),
]

PAGES = [
    Fault(
        "link-to-a-missing-file",
        "a link leads to a page that is not there",
        (add("book/setup.md", "\nSee [the rest](nowhere.md).\n"),),
        SITE,
        "test_site.py::test_every_link_inside_the_book_arrives",
        f"{FAILED_BUILD}[\\s\\S]*nowhere",
    ),
    Fault(
        "reference-to-a-missing-section",
        "a reference names a section that is not there",
        (
            cell(
                "recurrence",
                "Not one more.",
                "Not one more.",
                "Not one more, {ref}`as here <no-such-section>`.",
            ),
        ),
        SITE,
        "test_site.py::test_every_link_inside_the_book_arrives",
        f"{FAILED_BUILD}[\\s\\S]*no-such-section",
    ),
    Fault(
        "reference-to-a-missing-figure",
        "a reference names a figure that is not there",
        (add("book/setup.md", "\nSee {numref}`fig-nowhere`.\n"),),
        SITE,
        "test_site.py::test_every_link_inside_the_book_arrives",
        f"{FAILED_BUILD}[\\s\\S]*fig-nowhere",
    ),
    Fault(
        "citation-of-a-missing-source",
        "a source is cited that is not in the bibliography",
        (add("book/setup.md", "\nSee {cite:t}`nobody1999`.\n"),),
        SITE,
        "test_site.py::test_every_link_inside_the_book_arrives",
        f"{FAILED_BUILD}[\\s\\S]*nobody1999",
    ),
    Fault(
        "anchor-that-is-missing",
        "a link in raw HTML leads to a place that is not on the page",
        (add("book/setup.md", '\n<a href="notation.html#nowhere">here</a>\n'),),
        SITE,
        "test_site.py::test_every_link_inside_the_book_arrives",
        "nowhere",
    ),
    Fault(
        "page-that-the-contents-forget",
        "a page stands in no table of contents",
        (swap("_toc.yml", "      - file: book/errata\n", ""),),
        pytest("tests/test_book.py"),
        "test_book.py::test_the_table_of_contents_lists_every_page_once",
    ),
    Fault(
        "figure-without-words",
        "a chapter's figure has no alternative text",
        (figure("recurrence", "fig-recurrence-cold-start", without_words),),
        FORMS,
        "test_notebooks.py::test_every_figure_has_alternative_text",
    ),
    Fault(
        "picture-without-words",
        "a picture on a page has no alternative text",
        (
            add(
                "book/setup.md",
                "\n:::{figure} _static/window.svg\n:name: fig-again\n\nAgain.\n:::\n",
            ),
        ),
        SITE,
        "test_site.py::test_every_picture_says_in_words_what_it_shows",
        "window",
    ),
    Fault(
        "picture-without-a-caption",
        "a picture on a page has no caption and no number",
        (add("book/setup.md", "\n![A window of four rows, once more](_static/window.svg)\n"),),
        SITE,
        "test_site.py::test_every_picture_has_a_number_and_a_caption",
    ),
    Fault(
        "figure-above-its-weight",
        "a figure takes longer to load than a page",
        (drawing("recurrence", "fig-recurrence-cold-start", heavy),),
        SITE,
        "test_lighter.py::test_figures_are_light",
        "fig-recurrence-cold-start",
    ),
    Fault(
        "script-of-another-host",
        "a page loads a script from another host",
        (add("book/setup.md", '\n<script src="https://cdn.example.org/a.js"></script>\n'),),
        SITE,
        "test_site.py::test_no_page_asks_another_host_for_anything",
        r"cdn\.example\.org",
    ),
    Fault(
        "image-of-another-host",
        "a page loads a picture from another host",
        (
            add(
                "book/setup.md",
                '\n<img src="https://example.org/a.png" alt="A picture in four words">\n',
            ),
        ),
        SITE,
        "test_site.py::test_no_page_asks_another_host_for_anything",
        r"example\.org/a\.png",
    ),
    Fault(
        "picture-of-another-host",
        "the style sheet loads a picture from another host",
        (
            add(
                "book/_static/course.css",
                "\nbody { background: url(https://pictures.example.org/a.png); }\n",
            ),
        ),
        SITE,
        "test_site.py::test_no_style_sheet_script_or_drawing_asks_another_host_for_anything",
        r"pictures\.example\.org",
    ),
    Fault(
        "script-that-asks-another-host",
        "a script tells another host who reads",
        (add("book/_static/course.js", '\nfetch("https://count.example.org/");\n'),),
        SITE,
        "test_site.py::test_no_style_sheet_script_or_drawing_asks_another_host_for_anything",
        r"count\.example\.org",
    ),
    Fault(
        "script-that-hides-whom-it-asks",
        "a script puts the address of another host together",
        (
            add(
                "book/_static/course.js",
                '\nnew Image().src = ["https:", "", "count.example.org", ""].join("/");\n',
            ),
        ),
        pytest("tests/test_browser.py", needs=("a browser",)),
        "test_browser.py::test_no_page_asks_another_host_for_anything",
        r"count\.example\.org",
    ),
    Fault(
        "colour-that-cannot-be-seen",
        "a colour of the figures is too pale on white",
        (swap("src/helpers/plots/style.py", '"state": "#EE6677"', '"state": "#FFD9DE"'),),
        pytest("tests/test_plots.py"),
        "test_plots.py::test_every_colour_stands_out_from_white[state]",
    ),
    Fault(
        "letters-that-cannot-be-read",
        "letters in a figure are too pale to be read",
        (
            swap(
                "src/helpers/plots/style.py",
                '"batch": "#8A6508", "state"',
                '"batch": "#B8860B", "state"',
            ),
        ),
        pytest("tests/test_plots.py"),
        "test_plots.py::test_letters_in_every_colour_can_be_read_on_white[batch]",
    ),
    Fault(
        "words-that-cannot-be-read-on-a-page",
        "the text of a page is too pale to be read",
        (add("book/_static/course.css", "\n.bd-article p { color: #c8c8c8; }\n"),),
        BROWSER,
        "test_browser.py::test_axe_finds_no_barrier[light]",
        "color-contrast",
    ),
    Fault(
        "script-that-counts-otherwise",
        "a figure to play with cuts one step early",
        (
            swap(
                "book/_static/play/triangle.js",
                "firstLoss + i - first + 1)",
                "firstLoss + i - first)",
            ),
        ),
        pytest("tests/test_play.py", needs=("node or a browser",)),
        "test_play.py::test_depths_and_costs_are_those_of_the_helpers",
    ),
    Fault(
        "script-with-another-formula",
        "the plane to play with takes its bias from another formula",
        (
            swap(
                "book/_static/play/plane.js",
                "Math.min(depth, D) * a ** (D - 1)",
                "Math.min(depth, D) * a ** D",
            ),
        ),
        pytest("tests/test_play_plane.py", needs=("node or a browser",)),
        "test_play_plane.py::test_bias_and_noise_are_those_of_the_closed_form",
    ),
    Fault(
        "script-with-another-budget",
        "the calculator counts other bytes than the helpers",
        (swap("book/_static/play/plane.js", "8 * B * (3 * T + 1)", "8 * B * (3 * T)"),),
        pytest("tests/test_play_plane.py", needs=("node or a browser",)),
        "test_play_plane.py::test_",
        "bytes",
    ),
    Fault(
        "still-picture-of-an-older-script",
        "where scripts are off, a figure shows another state than its script draws",
        (
            swap(
                "book/_static/play/triangle.svg",
                "</svg>",
                '<rect x="1" y="1" width="9" height="9"/></svg>',
            ),
        ),
        pytest("tests/test_play.py", needs=("node or a browser",)),
        "test_play.py::test_still_pictures_are_what_the_scripts_draw[triangle]",
    ),
]

HOUSE = [
    Fault(
        "requirement-without-a-pin",
        "another version is installed next month",
        (swap("requirements.txt", "ruff==", "ruff>="),),
        ENVIRONMENT,
        "test_book.py::test_every_requirement_is_pinned_exactly",
        "ruff>=",
    ),
    Fault(
        "requirement-of-notebooks-without-a-pin",
        "Binder installs another version next month",
        (swap("requirements-notebooks.txt", "numpy==2.4.6", "numpy"),),
        ENVIRONMENT,
        "test_book.py::test_every_requirement_is_pinned_exactly",
        "not an exact pin: numpy",
    ),
    Fault(
        "requirement-of-tools-without-a-pin",
        "the checks of the publishing change by themselves",
        (swap("requirements-tools.txt", "uv==", "uv~="),),
        ENVIRONMENT,
        "test_book.py::test_every_requirement_is_pinned_exactly",
        "uv~=",
    ),
    Fault(
        "extra-without-a-bound",
        "an extra takes any version of torch, however old",
        (swap("pyproject.toml", 'torch = ["torch>=2.4"]', 'torch = ["torch"]'),),
        ENVIRONMENT,
        "test_environment.py::test_what_the_package_needs_has_a_least_version_that_the_pins_fulfil",
        "torch",
    ),
    Fault(
        "build-without-a-bound",
        "the package is built by any version, however old",
        (swap("pyproject.toml", 'requires = ["setuptools>=68"]', 'requires = ["setuptools"]'),),
        ENVIRONMENT,
        "test_environment.py::test_what_the_package_needs_has_a_least_version_that_the_pins_fulfil",
        "setuptools",
    ),
    Fault(
        "lock-of-other-pins",
        "the lock holds another version than the pins",
        (swap("requirements.lock", "\nruff==", "\nruff==0."),),
        ENVIRONMENT,
        "test_environment.py::test_the_lock_agrees_with_the_pins",
        "ruff|make lock",
    ),
    Fault(
        "action-without-a-digest",
        "a workflow runs whatever a tag points to",
        (
            swap(
                ".github/workflows/publish.yml",
                "actions/deploy-pages@cd2ce8fcbc39b97be8ca5fce6e763baed58fa128 # v5.0.0",
                "actions/deploy-pages@v5",
            ),
        ),
        ENVIRONMENT,
        "test_workflows.py::test_every_action_is_pinned_by_digest_and_says_its_version[publish]",
        "deploy-pages@v5",
    ),
    Fault(
        "workflow-with-all-rights",
        "a workflow may do anything in the repository",
        (
            swap(
                ".github/workflows/publish.yml", "\npermissions: {}\n", "\npermissions: write-all\n"
            ),
        ),
        ENVIRONMENT,
        "test_workflows.py::test_no_job_may_do_more_than_it_says[publish]",
    ),
    Fault(
        "index-of-another-host",
        "packages come from another index",
        (
            swap(
                "requirements.txt",
                "# Checks\n",
                "--extra-index-url https://wheels.example.org/" + "simple/\n# Checks\n",
            ),
        ),
        ENVIRONMENT,
        "test_book.py::test_only_the_makefile_and_binder_name_an_index_of_packages",
        r"wheels\.example\.org",
    ),
    Fault(
        "path-of-one-machine",
        "a file works on its author's machine only",
        (add("book/setup.md", "\nOpen `/home/" + "ada/course` first.\n"),),
        ENVIRONMENT,
        "test_book.py::test_no_file_holds_a_path_of_one_machine",
        r"book/setup\.md",
    ),
    Fault(
        "torch-at-the-top-of-a-helper",
        "every chapter waits for torch, and takes its memory",
        (
            swap(
                "src/helpers/measure.py",
                "import numpy as np\n",
                "import numpy as np\nimport torch  # noqa: F401\n",
            ),
        ),
        pytest("tests/test_imports.py"),
        "test_imports.py::test_only_two_modules_import_torch_at_top_level[measure.py]",
    ),
    Fault(
        "arrow-that-goes-backwards",
        "a drawing computes what it shows",
        (
            swap(
                "src/helpers/plots/recurrence.py",
                "\nimport numpy as np\n",
                "\nimport numpy as np\n\nfrom helpers import rnn  # noqa: F401\n",
            ),
        ),
        pytest("tests/test_imports.py"),
        "test_imports.py::test_arrows_go_where_they_may[plots/recurrence.py]",
    ),
    Fault(
        "parameter-without-its-shape",
        "a docstring does not say the shape of an array",
        (
            swap(
                "src/helpers/rnn.py",
                "    logits : (T, B, V)\n        Unnormalised",
                "    logits : array\n        Unnormalised",
            ),
        ),
        pytest("tests/test_docstrings.py"),
        "test_docstrings.py::test_every_array_has_its_shape_in_the_docstring[rnn.cross_entropy]",
        "logits",
    ),
    Fault(
        "parameter-without-a-word",
        "a docstring leaves a parameter out",
        (
            swap(
                "src/helpers/layout.py",
                "    num_steps : int\n        T, at least 1.\n    drop_last",
                "    drop_last",
            ),
        ),
        pytest("tests/test_docstrings.py"),
        "test_docstrings.py::test_documented_parameters_are_those_of_the_signature[layout.windows]",
        "num_steps",
    ),
    Fault(
        "error-without-what-it-got",
        "an error message does not say what it got",
        (
            swap(
                "src/helpers/layout.py",
                'predict "\n        f"one from the other, got {B}"',
                'predict "\n        "one from the other"',
            ),
        ),
        pytest("tests/test_layout.py", "tests/test_refusals.py"),
        "test_layout.py::test_refusals",
    ),
    Fault(
        "error-without-a-way-out",
        "an error message does not say what would work",
        (swap("src/helpers/train.py", "; Edge.RESET, or a fresh window, would work", ""),),
        pytest("tests/test_train.py", "tests/test_refusals.py"),
        "test_refusals.py::test_refusals",
        "would work",
    ),
    Fault(
        "test-without-an-assertion",
        "a test looks at nothing",
        (add("tests/test_rnn.py", "\n\ndef test_it_runs():\n    problem(rnn).forward()\n"),),
        pytest("tests/test_tests.py"),
        "test_tests.py::test_every_test_can_fail[test_rnn]",
        "test_it_runs",
    ),
    Fault(
        "test-that-is-skipped",
        "a test is switched off for good",
        (
            swap(
                "tests/test_rnn.py",
                "def test_step_by_hand():",
                '@pytest.mark.skip(reason="later")\ndef test_step_by_hand():',
            ),
        ),
        pytest("tests/test_tests.py"),
        "test_tests.py::test_no_test_is_switched_off[test_rnn]",
        "test_step_by_hand",
    ),
    Fault(
        "comparison-without-assert",
        "a test compares, and does nothing with the answer",
        (add("tests/test_rnn.py", "\n\ndef test_it_is_so():\n    1 + 1 == 3\n"),),
        LINT,
        "",
        r"tests/test_rnn\.py.*B015",
    ),
    Fault(
        "two-tests-of-one-name",
        "a test hides another one",
        (add("tests/test_rnn.py", "\n\ndef test_step_by_hand():\n    assert True\n"),),
        LINT,
        "",
        r"tests/test_rnn\.py.*F811",
    ),
    Fault(
        "type-that-is-wrong",
        "a function gives something else than it says",
        (
            swap(
                "src/helpers/measure.py",
                "    return truncation.cells_visited(num_positions, k1, k2)",
                "    return str(truncation.cells_visited(num_positions, k1, k2))",
            ),
        ),
        TYPES,
        "",
        r"measure\.py:\d+: error: Incompatible return value",
    ),
    Fault(
        "form-of-the-code",
        "a file is not in the common form",
        (swap("src/helpers/seeds.py", "SEED = 20250\n", "SEED=20250\n"),),
        FORMAT,
        "",
        r"would be reformatted\s+--> src/helpers/seeds\.py",
    ),
]

FAULTS = [*STORED, *CLAIMED, *GRADIENTS, *EDGES, *COUNTS, *EXERCISES, *PAGES, *HOUSE]
