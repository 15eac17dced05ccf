import ArgumentParser
import Foundation
import ParleyTerminal

extension Colour.Choice: ExpressibleByArgument {}

/// Options that every command takes, before or after its name.
struct GlobalOptions: ParsableArguments {
    @Flag(name: .long, help: "Print JSON.")
    var json = false

    @Option(name: .long, help: ArgumentHelp("Only these members of the JSON.", valueName: "a,b"))
    var fields: String?

    @Option(
        name: [.short, .customLong("workspace")], help: ArgumentHelp("The workspace.", valueName: "name|path")
    )
    var workspace: String?

    @Option(name: .long, help: "Colour: auto, always or never.")
    var color: Colour.Choice?

    @Flag(name: .customLong("no-pager"), help: "Print long output at once.")
    var noPager = false

    @Flag(name: .customLong("no-input"), help: "Never ask; end with 2 where an answer is needed.")
    var noInput = false

    @Flag(name: [.short, .long], help: "Answer yes.")
    var yes = false

    @Flag(name: [.short, .long], help: "No hints and no progress.")
    var quiet = false

    @Flag(name: [.short, .long], help: "Say more.")
    var verbose = false

    /// These options, and where they say nothing those given before the command's name.
    func joined(_ earlier: GlobalOptions) -> GlobalOptions {
        var both = self
        both.json = json || earlier.json
        both.fields = fields ?? earlier.fields
        both.workspace = workspace ?? earlier.workspace
        both.color = color ?? earlier.color
        both.noPager = noPager || earlier.noPager
        both.noInput = noInput || earlier.noInput
        both.yes = yes || earlier.yes
        both.quiet = quiet || earlier.quiet
        both.verbose = verbose || earlier.verbose
        return both
    }

    var fieldNames: [String]? {
        fields?.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
    }
}
