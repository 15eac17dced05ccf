import ParleyClient
import ParleyCore
import ParleyStore
import ParleyTerminal

/// What an import did or would do. Findings are taken as they come, and none is kept but the few that are shown.
final class ImportReport {
    var tallies: [ImportTally]
    var changes: [ChangeID] = []
    /// The newest part of the run that was ended and that this one went on with.
    var continued: ChangeID?
    /// Where findings are looked up while nothing else sees what is written.
    var transaction: ReadTransaction?
    private(set) var firstRefused: ImportFinding?

    private let inputs: [ImportInput]
    private let console: Console
    private let workspace: Workspace
    private let isDry: Bool
    private var speech: ImportFindingSpeech
    private var refusedFiles: [Int: RefusedFile] = [:]
    private var refusedPath: String?
    private var again: ((ImportInput, String) -> String?)?
    private var spool: Spool?
    private var shown: [ImportFinding.What: [String]] = [:]

    private static let most = 20

    init(_ inputs: [ImportInput], _ console: Console, _ workspace: Workspace, isDry: Bool) {
        (self.inputs, self.console, self.workspace, self.isDry) = (inputs, console, workspace, isDry)
        tallies = inputs.map { _ in ImportTally() }
        speech = ImportFindingSpeech(inputs.map(\.name))
    }

    var total: ImportTally { tallies.reduce(ImportTally(), +) }

    /// - Parameters:
    ///   - path: nil: each file's name and `.refused`.
    ///   - again: the command that imports the rows there once they are mended.
    func keepRefused(at path: String?, again: @escaping (ImportInput, String) -> String?) {
        (refusedPath, self.again) = (path, again)
    }

    // MARK: While it runs

    func take(_ finding: ImportFinding) throws {
        if finding.what == .refused {
            if firstRefused == nil { firstRefused = finding }
            tallies[finding.file].refused += 1
            keep(finding)
        }
        if console.options.json { return try write(json: finding) }
        if isDry {
            for line in try naming(finding, { try speech.lines(finding, $0, workspace.membership) }) {
                try console.line(line)
            }
        } else if [.kept, .refused, .older].contains(finding.what),
            shown[finding.what, default: []].count < Self.most
        {
            shown[finding.what, default: []].append(
                try naming(finding) { try speech.note(finding, $0, workspace.membership) })
        }
    }

    /// Names are looked up in the transaction of the import, or in one of their own.
    private func naming<Result>(
        _ finding: ImportFinding, _ body: (ReadTransaction) throws -> Result
    ) throws -> Result {
        if let transaction { return try body(transaction) }
        return try workspace.store.read(body)
    }

    private func write(json finding: ImportFinding) throws {
        let line =
            finding.record == nil
            ? speech.json(refusal: finding).line
            : try naming(finding) { try speech.json(finding, $0, workspace.membership) }.line
        if spool == nil { spool = try Spool() } else { try spool?.append([UInt8(ascii: ",")]) }
        try spool?.append(Array(line.utf8))
    }

    private func keep(_ finding: ImportFinding) {
        guard again != nil, !finding.raw.isEmpty else { return }
        let input = inputs[finding.file]
        if refusedFiles[finding.file] == nil {
            guard let path = refusedPath ?? input.refusedPath else { return }
            refusedFiles[finding.file] = RefusedFile(at: path, input.frame)
        }
        refusedFiles[finding.file]?.add(finding)
    }

    func flush() throws { for file in refusedFiles.values { file.flush() } }

    /// - Parameter record: the one that a row of a file has called by a label.
    func close(_ record: (String, Int) throws -> RecordName?) rethrows {
        for (index, file) in refusedFiles { try file.close { try record($0, index) } }
    }

    // MARK: At the end

    func say() throws {
        try speak()
        for input in inputs { for remark in input.remarks { try console.note(remark) } }
        for file in refusedFiles.values { try file.check() }
        if total.refused > 0 { throw Exit.partly.quietly }
    }

    private func speak() throws {
        if console.options.json { return try sayJSON() }
        try console.out.flush()
        for (index, input) in inputs.enumerated() { try console.note(line(input.name, tallies[index])) }
        if inputs.count > 1 { try console.note(line("all \(inputs.count) files", total)) }
        if let continued {
            try console.note("  goes on with an import that was not ended: \(continued.shortAddress)")
        }
        try sayShown(.kept, total.kept, "kept values")
        try sayShown(.older, total.older, "older records")
        if total.absent > 0 {
            let (verb, rest) = total.absent == 1 ? ("is", "it stays") : ("are", "they stay")
            try console.note("  \(total.absent) that the source had \(verb) not in it; \(rest)")
        }
        if total.deleted > 0 {
            let (verb, rest) = total.deleted == 1 ? ("is", "stays") : ("are", "stay")
            try console.note(
                "  \(total.deleted) \(verb) deleted here and \(rest) so; which: parley list is:deleted    "
                    + "back: parley undelete ID")
        }
        if total.nameless > 0, !isDry {
            try console.note(
                "  \(total.nameless) have neither id nor key: another import would make them again")
        }
        try sayShown(.refused, total.refused, "refused rows")
        for (index, file) in refusedFiles.sorted(by: { $0.key < $1.key }) {
            try console.note("  refused rows: \(file.path)")
            let command = again?(inputs[index], file.path)
            try console.note(
                command.map { "  again: \($0)" }
                    ?? "  --key row counts rows: mend them in \(inputs[index].name) and import that again")
        }
    }

    private func line(_ name: String, _ tally: ImportTally) -> String {
        let verb = isDry ? "would be: " : ""
        let older = tally.older > 0 ? ", \(tally.older) older" : ""
        let isWhole = inputs.count == 1 || tally == total
        let change = changes.first.map { isDry || !isWhole ? "" : " " + $0.shortAddress } ?? ""
        return
            "\(name): \(counted(tally.rows, "row")): \(verb)\(tally.created) new, \(tally.changed) changed, "
            + "\(tally.same) same, \(tally.refused) refused, \(tally.kept) kept\(older).\(change)"
    }

    private func sayShown(_ what: ImportFinding.What, _ count: Int, _ words: String) throws {
        guard let lines = shown[what] else { return }
        for line in lines { try console.note("  " + line) }
        if count > lines.count { try console.note("  .. and \(count - lines.count) more \(words)") }
    }

    // MARK: JSON

    /// One object; its findings come from where they were put by.
    private func sayJSON() throws {
        let names = console.options.fieldNames
        var object = json
        if let names { object = object.narrowed(to: names) }
        guard names?.contains("findings") ?? true else { return try console.line(object.line) }
        let head = String(object.line.dropLast())
        try console.out.write(head + (head == "{" ? "" : ",") + "\"findings\":[")
        try spool?.forEachPiece { try console.out.write(Array($0)) }
        try console.line("]}")
    }

    private var json: JSON {
        let files = inputs.indices.map { index -> JSON in
            let file = refusedFiles[index]
            let members = [
                JSONMember("file", .text(inputs[index].name)),
                JSONMember("source", .text(inputs[index].file.source)),
            ]
            return .object(members + counts(tallies[index]) + refusedMembers(file, inputs[index]))
        }
        let first = refusedFiles.min { $0.key < $1.key }
        return .object(
            counts(total) + [
                JSONMember("change", .text(orNull: isDry ? nil : changes.first?.shortAddress)),
                JSONMember("continues", .text(orNull: continued?.shortAddress)),
                JSONMember("dryRun", .bool(isDry)),
            ] + refusedMembers(first?.value, inputs[first?.key ?? 0]) + [JSONMember("files", .array(files))])
    }

    private func counts(_ tally: ImportTally) -> [JSONMember] {
        [
            JSONMember("rows", .int(tally.rows)), JSONMember("created", .int(tally.created)),
            JSONMember("changed", .int(tally.changed)), JSONMember("same", .int(tally.same)),
            JSONMember("kept", .int(tally.kept)), JSONMember("refused", .int(tally.refused)),
            JSONMember("older", .int(tally.older)), JSONMember("absent", .int(tally.absent)),
            JSONMember("deleted", .int(tally.deleted)),
        ]
    }

    private func refusedMembers(_ file: RefusedFile?, _ input: ImportInput) -> [JSONMember] {
        [
            JSONMember("refusedFile", .text(orNull: file?.path)),
            JSONMember("again", .text(orNull: file.flatMap { again?(input, $0.path) })),
        ]
    }
}

extension ImportInput {
    /// Where its refused rows go: a name that nothing has yet. nil: there is no place for them.
    fileprivate var refusedPath: String? {
        source.isStandardInput ? nil : source.originalPath + ".refused"
    }
}
