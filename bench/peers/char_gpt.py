"""The char-gpt workload's transformer in PyTorch. State names follow bench/workloads/char-gpt.ts."""

import math

import torch


class Block(torch.nn.Module):
    """A pre-norm transformer block. PyTorch 1.13 has no scaled_dot_product_attention, so attention is explicit."""

    def __init__(self, width, heads, context):
        super().__init__()
        self.heads = heads
        self.self_attn = torch.nn.MultiheadAttention(width, heads)  # for its weights and their names
        self.linear1 = torch.nn.Linear(width, 4 * width)
        self.linear2 = torch.nn.Linear(4 * width, width)
        self.norm1 = torch.nn.LayerNorm(width)
        self.norm2 = torch.nn.LayerNorm(width)
        mask = torch.full((context, context), -math.inf).triu(1)
        self.register_buffer("mask", mask, persistent=False)

    def attention(self, x):
        batch, time, width = x.shape
        qkv = torch.nn.functional.linear(x, self.self_attn.in_proj_weight, self.self_attn.in_proj_bias)
        q, k, v = (
            part.view(batch, time, self.heads, -1).transpose(1, 2).reshape(batch * self.heads, time, -1)
            for part in qkv.chunk(3, -1)
        )
        scores = torch.baddbmm(self.mask, q, k.transpose(1, 2), alpha=1 / math.sqrt(q.shape[-1]))
        out = torch.bmm(scores.softmax(-1), v).view(batch, self.heads, time, -1).transpose(1, 2)
        return self.self_attn.out_proj(out.reshape(batch, time, width))

    def forward(self, x):
        x = x + self.attention(self.norm1(x))
        return x + self.linear2(torch.nn.functional.gelu(self.linear1(self.norm2(x))))


class CharGpt(torch.nn.Module):
    def __init__(self, task):
        super().__init__()
        width, context, vocabulary = task["width"], task["context"], task["vocabulary"]
        self.tokens = torch.nn.Embedding(vocabulary, width)
        self.positions = torch.nn.Embedding(context, width)
        self.blocks = torch.nn.Module()
        self.blocks.layers = torch.nn.ModuleList(Block(width, task["heads"], context) for _ in range(task["layers"]))
        self.blocks.norm = torch.nn.LayerNorm(width)
        self.head = torch.nn.Linear(width, vocabulary)

    def forward(self, ids):
        x = self.tokens(ids) + self.positions.weight[: ids.shape[1]]
        for block in self.blocks.layers:
            x = block(x)
        return self.head(self.blocks.norm(x))
