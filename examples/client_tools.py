"""An agent with a shell, an editor and a memory, all on this machine: the model asks, the toolbox does.

pip install 'sijo[toolbox]'
export ANTHROPIC_BASE_URL=http://127.0.0.1:8484 ANTHROPIC_API_KEY=any
python examples/client_tools.py FOLDER "Run the command: ls -l"
"""

import sys
from pathlib import Path

from anthropic import Anthropic

from sijo.toolbox import Bash, Editor, Memory


def main(folder: str = ".", question: str = "Run the command: ls -l") -> None:
    """All that it may change is in the folder, but for what commands do: give it a machine that you can lose."""
    with Bash(cwd=folder, timeout=60) as bash:
        runner = Anthropic().beta.messages.tool_runner(
            model="claude-sonnet-4-6",
            max_tokens=2000,
            tools=[bash, Editor(folder, max_characters=20_000), Memory(Path(folder) / "memories")],
            messages=[{"role": "user", "content": question}],
        )
        for message in runner:
            for block in message.content:
                if block.type == "text":
                    print(block.text)
                elif block.type == "tool_use":
                    print(f"[{block.name}] {block.input}")


if __name__ == "__main__":
    main(*sys.argv[1:])
