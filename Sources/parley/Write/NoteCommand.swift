import ArgumentParser
import ParleyClient
import ParleyCore
import ParleyStore

struct NoteCommand: Subcommand {
    static let configuration = CommandConfiguration(
        commandName: "note",
        abstract: "Write a note about a record.",
        usage: "parley note ID TEXT|- [--kind comment] [--reply NOTE] [options]",
        discussion: """
            Examples:
              parley note J-88PD "Which depot?" --kind question
              git log -1 | parley note J-88PD -

            Prints the note's id; in a pipe the id alone.
            """)

    @Argument(help: "The record, as J-88PD.", completion: .record) var id: String
    @Argument(help: "The text, or - for standard input.") var text: String
    @Option(help: "comment, question, dissent, gap, correction, ..") var kind = "comment"
    @Option(help: ArgumentHelp("The note that it answers.", valueName: "id")) var reply: String?
    @OptionGroup(title: "Everywhere") var options: GlobalOptions
    @ParentCommand var parent: Parley

    func run(_ console: Console) throws {
        let body = (text == "-" ? try console.input() : text).trimmingSpaces()
        guard !body.isEmpty else {
            throw CommandFailure(.cancelled, "empty", "The note is empty. Nothing was written.")
        }
        let note = try New.kind(named: "note")
        let workspace = try console.openWorkspace()
        let record = RecordName(kind: note.tag, id: workspace.randomID())
        try workspace.write(.command("note"), to: record) { maker in
            let about = try maker.parser.resolver.record(id).fullAddress
            var assignments = [
                Assignment(field: "about", text: about), Assignment(field: "kind", text: kind),
                Assignment(field: "body", text: body),
            ]
            if let reply {
                assignments.append(
                    Assignment(field: "reply", text: try maker.parser.resolver.record(reply).fullAddress))
            }
            return try maker.writes(assignments, to: record)
        }.sayNew(console)
    }
}
