import ArgumentParser
import ParleyTerminal

struct Version: Subcommand {
    static let configuration = CommandConfiguration(commandName: "version", abstract: "Print the version.")

    @OptionGroup(title: "Everywhere") var options: GlobalOptions
    @ParentCommand var parent: Parley

    func run(_ console: Console) throws {
        if console.options.json {
            try console.json(["version": .text(Parley.version)])
        } else {
            try console.line("parley \(Parley.version)")
        }
    }
}
