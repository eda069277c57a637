"""The PyTorch peer: one line of JSON asks, one answers. Started by bench/peers/pytorch.ts.

usage: pytorch.py <torch threads>        (the BLAS reads its thread count from the environment at load)

  {"op": "hello"}                        the version, the BLAS, the optimizers' modes
  {"op": "prepare", "id", "task", "file", "mode", "compile", "steps"}
                                         builds a task from the tensors in a safetensors file, runs `steps` steps,
                                         and returns the value that both sides must agree on
  {"op": "sample", "id", "runs"}         microseconds of that many runs, after 1/8 as many untimed ones
  {"op": "release", "id"}                forgets the task
  {"op": "peak", "task", "file", "mode", "steps"}
                                         resident bytes before, and the peak while that many steps run

A failure is answered with {"error": …}.
"""

import ctypes
import gc
import json
import math
import os
import signal
import sys
import time

import torch

sys.dont_write_bytecode = True
from char_gpt import CharGpt


def load(path):
    """The tensors of a safetensors file: eight bytes of length, a JSON header, then the elements."""
    dtypes = {"F32": torch.float32, "I32": torch.int32}
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        data = bytearray(file.read())
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        start, end = entry["data_offsets"]
        elements = torch.frombuffer(data, dtype=dtypes[entry["dtype"]], count=(end - start) // 4, offset=start)
        tensors[name] = elements.clone().reshape(entry["shape"])
    return tensors


def optimizer_modes():
    """The optimizer modes that this version supports on the CPU."""
    modes = ["loop"]
    for mode in ["foreach", "fused"]:
        try:
            weight = torch.ones(4, requires_grad=True)
            weight.sum().backward()
            torch.optim.Adam([weight], **{mode: True}).step()
            modes.append(mode)
        except Exception:
            pass
    return modes


def optimizer(name, lr, parameters, mode):
    """The optimizer of torch.optim. "loop" updates one parameter after another."""
    options = {} if mode is None else {"foreach": mode == "foreach"}
    if mode == "fused":
        options = {"fused": True}
    return getattr(torch.optim, name)(parameters, lr=lr, **options)


def training(update, criterion, batches):
    """Returns a function that runs one step on the next batch, cyclically."""
    steps = 0

    def run():
        nonlocal steps
        x, y = batches[steps % len(batches)]
        steps += 1
        update.zero_grad(set_to_none=True)
        loss = criterion(x, y)
        loss.backward()
        update.step()
        return loss

    return run, lambda loss: loss.item()


def classifying(model, task, tensors, mode, wrap):
    """Trains a classifier with cross-entropy on class ids, from the shared weights."""
    model.load_state_dict({name: tensors[name] for name in model.state_dict()})
    update = optimizer(task["optimizer"], task["lr"], model.parameters(), mode)
    batches = [(tensors[f"x{i}"], tensors[f"y{i}"].long()) for i in range(task["batches"])]
    return training(update, wrap(lambda x, y: torch.nn.functional.cross_entropy(model(x), y)), batches)


def recsys(task, tensors, mode, wrap):
    """Concatenated rows of embedding tables, linear layers with ReLU, sigmoid cross-entropy; Adam."""
    rows, width, hidden = task["rows"], task["width"], task["hidden"]
    model = torch.nn.ModuleDict(
        {
            "tables": torch.nn.ModuleList(torch.nn.Embedding(count, width) for count in rows),
            "tower": torch.nn.Sequential(
                torch.nn.Linear(len(rows) * width, hidden), torch.nn.ReLU(), torch.nn.Linear(hidden, 1)
            ),
        }
    )
    model.load_state_dict({name: tensors[name] for name in model.state_dict()})
    update = optimizer("Adam", task["lr"], model.parameters(), mode)
    batches = [
        ([tensors[f"ids{i}.{j}"].long() for j in range(len(rows))], tensors[f"y{i}"]) for i in range(task["batches"])
    ]

    def loss_of(ids, y):
        vectors = [table(each) for table, each in zip(model["tables"], ids)]
        logits = model["tower"](torch.cat(vectors, 1)).squeeze(1)
        return torch.nn.functional.binary_cross_entropy_with_logits(logits, y)

    return training(update, wrap(loss_of), batches)


def mlp(task, tensors, mode, wrap):
    """Linear layers with ReLU between."""
    sizes = task["layers"]
    layers = []
    for inputs, outputs in zip(sizes, sizes[1:]):
        layers += [torch.nn.Linear(inputs, outputs), torch.nn.ReLU()]
    return classifying(torch.nn.Sequential(*layers[:-1]), task, tensors, mode, wrap)


def cnn(task, tensors, mode, wrap):
    """Two convolutions, each followed by ReLU and max pooling, and a linear layer."""
    first, second = task["channels"]
    side = task["size"] // 2 // 2
    model = torch.nn.Sequential(
        torch.nn.Conv2d(1, first, 3, padding=1), torch.nn.ReLU(), torch.nn.MaxPool2d(2),
        torch.nn.Conv2d(first, second, 3, padding=1), torch.nn.ReLU(), torch.nn.MaxPool2d(2),
        torch.nn.Flatten(), torch.nn.Linear(second * side * side, 10))
    return classifying(model, task, tensors, mode, wrap)


def char_gpt(task, tensors, mode, wrap):
    """A small transformer on characters, cross-entropy on the next one."""
    model = CharGpt(task)
    model.load_state_dict({name: tensors[name] for name in model.state_dict()})
    update = optimizer(task["optimizer"], task["lr"], model.parameters(), mode)
    batches = [(tensors[f"x{i}"].long(), tensors[f"y{i}"].long().flatten()) for i in range(task["batches"])]
    criterion = wrap(lambda x, y: torch.nn.functional.cross_entropy(model(x).flatten(0, 1), y))
    return training(update, criterion, batches)


functions = {
    "softmax": lambda x: x.softmax(-1),
    "chain": lambda x: (x * x + x).relu() * 0.5,
}


def function(task, tensors, mode, wrap):
    """Forward, and backward from a gradient g. The value is the sum of x.grad·g divided by the rows."""
    x, g = tensors["x"].requires_grad_(), tensors["g"]
    forward = wrap(functions[task["name"]])

    def run():
        x.grad = None
        forward(x).backward(g)

    return run, lambda _: (x.grad.double() * g).sum().item() / len(g)


def dispatch(task, tensors, mode, wrap):
    """An expression on two small tensors. The value is the sum of its result."""
    noted = task["requiresGrad"]
    a, b = tensors["a"].requires_grad_(noted), tensors["b"].requires_grad_(noted)

    def multiply():
        return a * b

    def backward():
        a.grad = None
        b.grad = None
        total = (a * b).sum()
        total.backward()
        return total

    return backward if task["backward"] else multiply, lambda result: result.sum().item()


kinds = {"mlp": mlp, "recsys": recsys, "function": function, "dispatch": dispatch, "cnn": cnn, "charGpt": char_gpt}


def about():
    """The versions in this process. OpenBLAS reports its own configuration."""
    with open("/proc/self/maps") if os.path.exists("/proc/self/maps") else open(os.devnull) as maps:
        loaded = sorted({line.split()[-1] for line in maps if "blas" in line or "mkl" in line})
    blas, core = "unknown", "unknown"
    for path in loaded:
        library = ctypes.CDLL(path)
        if hasattr(library, "openblas_get_config"):
            library.openblas_get_config.restype = library.openblas_get_corename.restype = ctypes.c_char_p
            blas, core = library.openblas_get_config().decode(), library.openblas_get_corename().decode()
        elif "mkl" in path and blas == "unknown":
            blas = "MKL"
    return {
        "version": torch.__version__,
        "python": sys.version.split()[0],
        "blas": blas,
        "core": core,
        "optimizers": optimizer_modes(),
        "compile": hasattr(torch, "compile"),
    }


prepared = {}


def prepare(request):
    wrap = torch.compile if request.get("compile") else lambda function: function
    run, value = kinds[request["task"]["kind"]](request["task"], load(request["file"]), request.get("mode"), wrap)
    result = None
    for _ in range(request["steps"]):
        result = run()
    prepared[request["id"]] = run
    return {"value": value(result) if request["steps"] > 0 else None}


def sample(request):
    run, runs = prepared[request["id"]], request["runs"]
    for _ in range(math.ceil(runs / 8) if runs > 1 else 0):
        run()
    started = time.perf_counter_ns()
    for _ in range(runs):
        run()
    return {"micros": (time.perf_counter_ns() - started) / 1000}


def release(request):
    prepared.pop(request["id"], None)
    gc.collect()
    return {}


def resident(key):
    """VmRSS or VmHWM (the peak so far) of this process, in bytes."""
    with open("/proc/self/status") as status:
        return next(1024 * int(line.split()[1]) for line in status if line.startswith(key))


def peak(request):
    idle = resident("VmRSS")
    run, _ = kinds[request["task"]["kind"]](request["task"], load(request["file"]), request.get("mode"), lambda f: f)
    # Resets the peak: reading the file is not part of the training.
    with open("/proc/self/clear_refs", "w") as refs:
        refs.write("5")
    for _ in range(request["steps"]):
        run()
    return {"idle": idle, "peak": resident("VmHWM")}


operations = {"hello": lambda _: about(), "prepare": prepare, "sample": sample, "release": release, "peak": peak}


def end_with_parent():
    """The parent stops this process between answers, so it must die with the parent."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def main():
    end_with_parent()
    torch.set_num_threads(int(sys.argv[1]))
    # Adam's moments of silent units become denormals, which would slow PyTorch down.
    torch.set_flush_denormal(True)
    # stdout carries only answers; other output goes to stderr.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        try:
            request = json.loads(line)
            answer = operations[request["op"]](request)
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), file=answers, flush=True)


main()
