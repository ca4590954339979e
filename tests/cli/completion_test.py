"""conv2d completion: the scripts know every command and option that the help knows."""

import re
import shutil
import subprocess
import unittest

from command import COMMAND, CommandTest


class Completion(CommandTest):
    def options_of(self, command):
        return set(re.findall(r"(?:^|[ ,])(--?[a-z][a-z-]*)", self.options_part(command), re.MULTILINE))

    def options_part(self, command):
        """The left column of the options in the help."""
        text = self.succeed(command, "--help").split("Options:\n")[1].split("\n\n")[0]
        return "\n".join(line[2:].split("  ")[0].split(" Excludes")[0] for line in text.splitlines() if line[2:3] == "-")

    def commands(self):
        text = self.succeed("--help").split("Commands:\n")[1].split("\n\n")[0]
        return [line.split()[0] for line in text.splitlines()]

    def complete_in_bash(self, *words):
        """What bash offers after these words, the last of which is being typed."""
        script = (
            'eval "$("$COMMAND" completion bash)"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); '
            '_conv2d; printf "%s\\n" "${COMPREPLY[@]}"'
        )
        done = subprocess.run(
            ["bash", "-c", script, "bash", "conv2d", *words],
            env={"COMMAND": COMMAND, "PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=True,
        )  # fmt: skip
        self.assertEqual(done.stderr, "")
        return done.stdout.split()

    def test_bash_completes_commands_options_filters_and_shells(self):
        self.assertEqual(set(self.complete_in_bash("")), set(self.commands()))
        self.assertEqual(self.complete_in_bash("ex"), ["explain"])
        self.assertEqual(set(self.complete_in_bash("apply", "sobel")), {"sobel_x", "sobel_y"})
        self.assertEqual(self.complete_in_bash("apply", "sobel_x", "--sa"), ["--save-weights"])
        self.assertEqual(set(self.complete_in_bash("completion", "")), {"bash", "fish", "zsh"})
        self.assertIn("--version", self.complete_in_bash("--"))

    def test_bash_knows_every_option_of_every_command(self):
        for command in self.commands():
            self.assertEqual(set(self.complete_in_bash(command, "-")), self.options_of(command), command)

    def test_every_script_names_every_command_and_option(self):
        scripts = {shell: self.succeed("completion", shell) for shell in ("bash", "zsh", "fish")}
        for command in self.commands():
            for option in self.options_of(command):
                self.assertIn(option, scripts["zsh"])
                dashes = "-l" if option.startswith("--") else "-s"
                self.assertRegex(
                    scripts["fish"], rf"_seen_subcommand_from {command}' .*{dashes} {option.lstrip('-')}\b"
                )

    def test_the_shells_that_are_here_can_read_their_scripts(self):
        for shell in ("bash", "zsh", "fish"):
            if shutil.which(shell):
                script = self.folder / f"script.{shell}"
                script.write_text(self.succeed("completion", shell), encoding="utf-8")
                subprocess.run([shell, "-n", script], check=True)


if __name__ == "__main__":
    unittest.main()
