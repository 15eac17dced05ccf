import ArgumentParser
import ParleyTerminal

/// The command `parley`: options that stand before a command's name, and what happens without one.
struct Parley: ParsableCommand {
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "parley",
        abstract: "Shared assessments in the terminal, offline or online.",
        usage: "parley [options] COMMAND ..",
        discussion: """
            Examples:
              parley init baltic-ports --as olga
              parley new judgment title="Port closure at Riga" confidence=low
              parley list kind:judgment
              parley set J-88PD confidence=moderate -m "C3 withdrew"

            Topics: parley help exit-codes | filters | environment | formats | mapping | keys | analysis
            """,
        version: version,
        groupedSubcommands: CommandList.groups)

    @OptionGroup(title: "Everywhere") var options: GlobalOptions

    func run() throws {
        let console = try Console(options)
        try Overview.show(console)
        try console.finish()
    }
}
