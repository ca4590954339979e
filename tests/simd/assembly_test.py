"""No sum of a hot loop waits in memory: the compiler has found a register for each.

    assembly_test.py OBJECT...

Disassembles object files of src/simd, finds the innermost loops that multiply and add, in the
versions for AVX2 and AVX-512, and looks for vector registers that go to or come from the stack
there. A tile that has become too large for the registers still computes the right numbers, at half
the speed; nothing else would tell.
"""

import collections
import re
import subprocess
import sys
import unittest

OBJECTS = []

Instruction = collections.namedtuple("Instruction", "address text")
Loop = collections.namedtuple("Loop", "function instructions")

FUNCTION = re.compile(r"^[0-9a-f]+ <(?P<name>.+)>:$")
LINE = re.compile(r"^\s*(?P<address>[0-9a-f]+):\s+(?P<text>\S.*)$")
JUMP = re.compile(r"^j\w+\s+(?P<target>[0-9a-f]+)\b")
SETS = re.compile(r"N_AVX[23]")
ARITHMETIC = re.compile(r"^vfn?m(add|sub)")
VECTOR = re.compile(r"%[xyz]mm\d+")


def functions(listing):
    """Yields (name, instructions) for each function of objdump's listing."""
    name, found = None, []
    for line in listing.splitlines():
        if match := FUNCTION.match(line):
            if name is not None:
                yield name, found
            name, found = match["name"], []
        elif match := LINE.match(line):
            text = match["text"].split("#")[0].strip()
            found.append(Instruction(int(match["address"], 16), text))
    if name is not None:
        yield name, found


def innermost_loops(instructions):
    """What lies between a jump backwards and its target, where no other such jump does."""
    spans = set()
    for instruction in instructions:
        if match := JUMP.match(instruction.text):
            target = int(match["target"], 16)
            if instructions[0].address <= target <= instruction.address:
                spans.add((target, instruction.address))
    for begin, end in sorted(spans):
        inner = any((b, e) != (begin, end) and begin <= b and e <= end for b, e in spans)
        if not inner:
            yield [i for i in instructions if begin <= i.address <= end]


def hot_loops(listing):
    """Innermost loops that multiply and add, in vectors of AVX2 or AVX-512."""
    for name, instructions in functions(listing):
        if SETS.search(name) and instructions:
            for loop in innermost_loops(instructions):
                if any(ARITHMETIC.match(i.text) for i in loop):
                    yield Loop((name, instructions), loop)


def stack_registers(instructions):
    """%rsp, and %rbp where it is the frame's and not a pointer like others."""
    framed = any(re.match(r"mov\s+%rsp,%rbp$", i.text) for i in instructions)
    return ["%rsp", "%rbp"] if framed else ["%rsp"]


def spills(loop):
    """Instructions of a loop that move a vector to the stack or read one from there."""
    _, instructions = loop.function
    registers = "|".join(re.escape(r) for r in stack_registers(instructions))
    memory = re.compile(rf"\((?:{registers})[,)]")
    return [i for i in loop.instructions if VECTOR.search(i.text) and memory.search(i.text)]


def disassembly(path):
    command = ["objdump", "--disassemble", "--no-show-raw-insn", path]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


LISTING = """
0000000000000000 <_ZN6conv2d4simd6N_AVX34tileEv>:
   0:\tmov    %rsp,%rbp
   4:\tvmovups %zmm1,0x40(%rsp)
   8:\tvmovups (%rax),%zmm1
   c:\tvfmadd231ps (%rbx){1to16},%zmm1,%zmm2
  10:\tMOVE
  14:\tjne    8 <_ZN6conv2d4simd6N_AVX34tileEv+0x8>
  18:\tcmp    %rax,%rcx
  1c:\tjne    4 <_ZN6conv2d4simd6N_AVX34tileEv+0x4>
  20:\tret
"""


class TheCheckItself(unittest.TestCase):
    def found(self, move, listing=LISTING):
        (loop,) = hot_loops(listing.replace("MOVE", move))
        return [i.text for i in spills(loop)]

    def test_finds_sums_that_go_to_the_stack(self):
        for move in ("vmovups %zmm2,0x80(%rsp)", "vmovaps 0x80(%rsp),%ymm3",
                     "vfmadd231ps -0x40(%rbp),%zmm1,%zmm2", "vmovaps %xmm2,(%rsp,%rax,8)"):
            self.assertEqual(self.found(move), [move])

    def test_allows_all_else(self):
        for move in ("vmovups %zmm2,0x80(%rdi)", "mov 0x8(%rsp),%rax", "vaddps %zmm1,%zmm2,%zmm2"):
            self.assertEqual(self.found(move), [])

    def test_knows_a_base_pointer_that_is_none(self):
        listing = LISTING.replace("mov    %rsp,%rbp", "nop")
        self.assertEqual(self.found("vmovups %zmm2,0x80(%rbp)", listing), [])

    def test_looks_at_innermost_loops_alone(self):
        (loop,) = hot_loops(LISTING)
        self.assertEqual([i.address for i in loop.instructions], [0x8, 0xC, 0x10, 0x14])

    def test_leaves_out_other_instruction_sets_and_loops_without_sums(self):
        self.assertEqual(list(hot_loops(LISTING.replace("N_AVX3", "N_SSE4"))), [])
        self.assertEqual(list(hot_loops(LISTING.replace("vfmadd231ps", "vmulps"))), [])


class HotLoops(unittest.TestCase):
    def test_keep_their_sums_in_registers(self):
        for path in OBJECTS:
            loops = list(hot_loops(disassembly(path)))
            self.assertGreater(len(loops), 0, f"{path} has no loop that multiplies and adds")
            for loop in loops:
                for instruction in spills(loop):
                    with self.subTest(function=loop.function[0]):
                        self.fail(f"{path}, {instruction.address:x}: {instruction.text}")


if __name__ == "__main__":
    OBJECTS = [argument for argument in sys.argv[1:] if argument.endswith(".o")]
    unittest.main(argv=[sys.argv[0]] + [a for a in sys.argv[1:] if not a.endswith(".o")])
