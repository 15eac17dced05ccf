import ArgumentParser

struct Completion: Subcommand {
    enum Shell: String, ExpressibleByArgument, CaseIterable {
        case bash, zsh, fish
    }

    static let configuration = CommandConfiguration(
        commandName: "completion",
        abstract: "Print a script that completes commands, options and ids.",
        discussion: """
            Examples:
              parley completion bash > ~/.local/share/bash-completion/completions/parley
              parley completion zsh > ~/.zfunc/_parley
              parley completion fish > ~/.config/fish/completions/parley.fish
            """)

    @Argument(help: "bash, zsh or fish.") var shell: Shell
    @OptionGroup(title: "Everywhere") var options: GlobalOptions
    @ParentCommand var parent: Parley

    func run(_ console: Console) throws {
        let kind: CompletionShell =
            switch shell {
            case .bash: .bash
            case .zsh: .zsh
            case .fish: .fish
            }
        try console.line(Parley.completionScript(for: kind))
    }
}
