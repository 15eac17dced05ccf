import ParleyClient
import ParleyCore
import ParleyExchange
import ParleyStore
import ParleyTerminal

/// One import from the first byte of its first file to the last of its last.
final class ImportRun {
    private struct RolledBack: Error {}

    private let workspace: Workspace
    private let console: Console
    private let inputs: [ImportInput]
    private let report: ImportReport
    private let progress: ProgressLine

    init(_ inputs: [ImportInput], _ report: ImportReport, _ console: Console, _ workspace: Workspace) {
        (self.inputs, self.report, self.console, self.workspace) = (inputs, report, console, workspace)
        progress = ProgressLine(inputs.count == 1 ? inputs[0].name : "import", console)
    }

    /// - Parameters:
    ///   - strict: one bad row, and nothing at all is written.
    ///   - dry: everything is done and then undone.
    func run(_ options: Importer.Options, strict: Bool, dry: Bool) throws {
        defer { progress.wipe() }
        guard strict || dry else {
            let importer = Importer(workspace, options)
            do { return try fill(importer) } catch let error as StoreError {
                throw unfinished(error, importer)
            }
        }
        do {
            try workspace.store.write { tx in
                report.transaction = tx
                defer { report.transaction = nil }
                try fill(Importer(workspace, options, in: tx))
                if dry || report.total.refused > 0 { throw RolledBack() }
            }
        } catch is RolledBack {
            if !dry { throw refusal() }
        }
    }

    private func fill(_ importer: Importer) throws {
        importer.tell = { try self.report.take($0) }
        importer.pause = { try self.report.flush() }
        for (index, input) in inputs.enumerated() {
            if index > 0 { try importer.beginNextFile() }
            try input.read(for: workspace) { row in
                try importer.add(row)
                try progress.step(share: self.share)
            }
        }
        try importer.finish()
        (report.tallies, report.changes) = (importer.tallies, importer.changes)
        report.continued = importer.continued
        try report.close { try importer.record(labelled: $0, inFile: $1) }
    }

    /// Of all bytes; nil where a stream's end is not known.
    private var share: Double? {
        let sizes = inputs.compactMap(\.source.size)
        let total = sizes.reduce(0, +)
        guard sizes.count == inputs.count, total > 0 else { return nil }
        return Double(inputs.reduce(0) { $0 + $1.taken }) / Double(total)
    }

    /// An import goes into the store in parts of a thousand records: those before the failure are there.
    private func unfinished(_ error: StoreError, _ importer: Importer) -> CommandFailure {
        var failure = CommandFailure(describing: error)
        guard let change = importer.changes.last?.shortAddress else { return failure }
        let tally = importer.total
        if error.code == .diskFull { failure.message = "The disk is full." }
        failure.message +=
            " The import is not complete: \(tally.created) new, \(tally.changed) changed so far, and they stay."
        let first = error.code == .diskFull ? "make room, then " : ""
        failure.hint = "\(first)the same command continues it    or: parley undo \(change)"
        return failure
    }

    private func refusal() -> CommandFailure {
        let total = report.total
        let name = inputs.count == 1 ? inputs[0].name : "\(inputs.count) files"
        let first = report.firstRefused.map { finding in
            let file = inputs.count == 1 ? "" : inputs[finding.file].name + ", "
            return "; the first is \(file)\(finding.place): \(finding.reason)"
        }
        return CommandFailure(
            .failed, "refused",
            "\(name): \(total.refused) of \(total.rows) rows are refused\(first ?? ""). Nothing was written.",
            hint: "import the others: --on-error skip")
    }
}
