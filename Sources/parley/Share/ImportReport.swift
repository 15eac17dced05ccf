import Foundation
import ParleyClient
import ParleyCore
import ParleyStore
import ParleyTerminal

/// What an import did, in one line or one object, and the refused rows in a file of their own.
struct ImportReport {
    private let outcome: ImportRun.Outcome
    private let source: ByteSource
    private let isDry: Bool

    init(_ outcome: ImportRun.Outcome, source: ByteSource, isDry: Bool) {
        self.outcome = outcome
        self.source = source
        self.isDry = isDry
    }

    private static let shown = 20

    func say(_ console: Console, _ workspace: Workspace) throws {
        let refusedFile = isDry ? nil : try writeRefused()
        if console.options.json {
            try console.json(json(refusedFile))
        } else {
            try console.note(line)
            try sayKept(console, workspace)
            if outcome.tally.nameless > 0, !isDry {
                try console.note(
                    "  \(outcome.tally.nameless) have neither id nor key: another import would make them again"
                )
            }
            for fault in outcome.faults.prefix(Self.shown) {
                try console.note("  \(fault.place): \(fault.reason)")
            }
            try sayMore(outcome.faults.count, "refused rows", console)
            if let refusedFile { try console.note("  refused rows: \(refusedFile)") }
        }
        if !outcome.faults.isEmpty { throw Exit.partly.quietly }
    }

    private var line: String {
        let tally = outcome.tally
        let verb = isDry ? "would be: " : ""
        let change = outcome.changes.first.map { isDry ? "" : " " + $0.shortAddress } ?? ""
        return "\(source.name): \(outcome.rows) rows: \(verb)\(tally.created) new, \(tally.changed) changed, "
            + "\(tally.same) same, \(tally.refused) refused, \(tally.kept) kept.\(change)"
    }

    private func json(_ refusedFile: String?) -> JSON {
        let tally = outcome.tally
        return [
            "created": .int(tally.created), "changed": .int(tally.changed), "same": .int(tally.same),
            "kept": .int(tally.kept), "refused": .int(tally.refused),
            "change": .text(orNull: isDry ? nil : outcome.changes.first?.shortAddress),
            "dryRun": .bool(isDry),
            "faults": .array(
                outcome.faults.map {
                    ["line": .int($0.line), "column": .int($0.column), "reason": .text($0.reason)]
                }),
            "refusedFile": .text(orNull: refusedFile),
        ]
    }

    /// Where people's value stayed, both values are named.
    private func sayKept(_ console: Console, _ workspace: Workspace) throws {
        try workspace.store.read { tx in
            let naming = Naming(tx, workspace.membership)
            let speech = ValueSpeech(naming: naming)
            for kept in outcome.kept.prefix(Self.shown) {
                let place = try naming.register(kept.register, of: kept.record)
                let ours = speech.text(kept.ours, of: kept.register, in: kept.record)
                let theirs = speech.text(kept.theirs, of: kept.register, in: kept.record)
                try console.note(
                    "  kept \(place): \(short(ours)); the source says \(short(theirs)) (line \(kept.line))")
            }
        }
        try sayMore(outcome.kept.count, "kept values", console)
    }

    private func short(_ text: String) -> String { "\"" + visible(text).cut(to: 40) + "\"" }

    private func sayMore(_ count: Int, _ what: String, _ console: Console) throws {
        if count > Self.shown { try console.note("  .. and \(count - Self.shown) more \(what)") }
    }

    /// The refused rows as they stood, behind the header of a CSV file, to be mended and imported by
    /// themselves.
    private func writeRefused() throws -> String? {
        guard !source.isStandardInput, outcome.faults.contains(where: { !$0.raw.isEmpty }) else { return nil }
        var bytes: [UInt8] = []
        if ImportFormat(ending: source.ending) == .csv { bytes = try Self.firstLine(of: source.path) }
        for fault in outcome.faults where !fault.raw.isEmpty {
            bytes += fault.raw
            if bytes.last != UInt8(ascii: "\n") { bytes.append(UInt8(ascii: "\n")) }
        }
        let path = source.path + ".refused"
        do { try Data(bytes).write(to: URL(fileURLWithPath: path), options: .atomic) } catch {
            throw CommandFailure(.partly, "refused-file", "The refused rows cannot be written to \(path).")
        }
        return path
    }

    private static func firstLine(of path: String) throws -> [UInt8] {
        let handle = FileHandle(forReadingAtPath: path)
        let head = [UInt8](try handle?.read(upToCount: 64 * 1024) ?? Data())
        return Array(head.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }) + [
            UInt8(ascii: "\n")
        ]
    }
}
