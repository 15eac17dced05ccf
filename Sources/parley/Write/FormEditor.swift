import Foundation
import ParleyClient
import ParleyCore
import ParleyTerminal

/// Takes a form through a person's editor.
struct FormEditor {
    let console: Console
    let workspace: Workspace

    init(_ console: Console, _ workspace: Workspace) {
        self.console = console
        self.workspace = workspace
    }

    /// The parts that a person has changed, and the file that holds what was typed until they are saved.
    struct Filled {
        var parts: [Form.Part]
        var path: String

        func removeFile() { try? FileManager.default.removeItem(atPath: path) }
    }

    /// The texts of a record that does not exist yet, beginning with those typed on the command line.
    func fill(_ kind: Kind, _ given: [Assignment]) throws -> (assignments: [Assignment], filled: Filled) {
        let registers = Form.registers(of: kind, me: try workspace.me(), image: nil)
        let parts = registers.map { register in
            let name = kind.text(of: register)
            let text = given.last { $0.field == name || name.hasPrefix($0.field + "@") }?.text
            return Form.part(register, of: kind, text: text ?? "")
        }
        let head = "A new \(kind.name). Save to make it; leave it as it is to cancel."
        let filled = try edit(Form(head: head, parts: parts), named: "new-\(kind.name)")
        let names = Set(filled.parts.map(\.name))
        let assignments =
            given.filter { !names.contains($0.field) }
            + filled.parts.map { Assignment(field: $0.name, text: $0.text.isEmpty ? nil : $0.text) }
        return (assignments, filled)
    }

    /// - Parameter base: what is stored, where the form begins with other texts: those of a draft.
    /// - Returns: at least one part. Its file stays; the caller removes it when the parts are saved.
    /// - Throws: a cancellation where nothing was changed.
    func edit(_ form: Form, over base: Form? = nil, named name: String) throws -> Filled {
        let command = try command()
        let folder = console.paths.state + "/edit"
        try Paths.makePrivate(folder)
        let path = "\(folder)/\(name).\(getpid()).md"
        try console.finish()
        switch try Editor.edit(form.text, at: path, by: command) {
        case .failed(let status):
            let isTouched = FileManager.default.contents(atPath: path) != Data(form.text.utf8)
            if !isTouched { try? FileManager.default.removeItem(atPath: path) }
            throw CommandFailure(
                .cancelled, "editor", "The editor ended with \(status). Nothing was written.",
                hint: (isTouched ? "what you typed is in \(path)    " : "") + "choose another: PARLEY_EDITOR")
        case .notUTF8(let line):
            throw Self.unreadable("Line \(line) of what you typed is not UTF-8.", path)
        case .unchanged, .emptied:
            try? FileManager.default.removeItem(atPath: path)
            throw cancelled(isDraft: base != nil)
        case .changed(let text):
            let parts: [Form.Part]
            do { parts = try form.changes(in: text, over: base) } catch {
                throw Self.unreadable(error.sentence, path)
            }
            guard parts.isEmpty else { return Filled(parts: parts, path: path) }
            try? FileManager.default.removeItem(atPath: path)
            throw cancelled(isDraft: base != nil)
        }
    }

    /// Tells of what was typed when an editor, or the machine, was stopped before it could be saved.
    func tellOfOrphans(named name: String) throws {
        let folder = console.paths.state + "/edit"
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        for file in files.sorted() where file.hasPrefix(name + ".") && file.hasSuffix(".md") {
            let process = pid_t(file.dropFirst(name.count + 1).dropLast(3))
            guard let process, kill(process, 0) != 0, errno == ESRCH else { continue }
            try console.note(
                "An earlier edit did not come to its end; what was typed is in \(folder)/\(file)")
        }
    }

    /// An editor that was chosen may be a script; vi needs somebody at the keyboard.
    private func command() throws -> String {
        let isChosen = Editor.chosen(environment: console.environment) != nil
        guard !console.options.noInput, isChosen || (isatty(0) == 1 && isatty(1) == 1) else {
            throw CommandFailure(
                .cancelled, "no-editor", "There is nobody to ask for a text. Nothing was written.",
                hint: console.options.noInput
                    ? "without an editor: parley set ID FIELD=@file" : "choose an editor: PARLEY_EDITOR")
        }
        return Editor.command(environment: console.environment)
    }

    private static func unreadable(_ sentence: String, _ path: String) -> CommandFailure {
        CommandFailure(
            .failed, "form", sentence + " Nothing was written.", hint: "what you typed is in \(path)")
    }

    private func cancelled(isDraft: Bool) -> CommandFailure {
        CommandFailure(
            .cancelled, "cancelled", "Unchanged. Nothing was written.",
            hint: isDraft ? "the draft is kept; write it as it is: parley drafts apply ID.FIELD" : nil)
    }
}
