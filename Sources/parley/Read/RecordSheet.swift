import Foundation
import ParleyClient
import ParleyCore
import ParleyStore
import ParleyTerminal

/// One record on a screen: each field with its age and its author, long texts below their names.
struct RecordSheet {
    let tx: ReadTransaction
    let naming: Naming
    let console: Console
    private let moment: Moment?
    private let speech: ValueSpeech

    /// - Parameter moment: when; nil is now.
    init(_ tx: ReadTransaction, _ naming: Naming, _ console: Console, at moment: Moment? = nil) {
        self.tx = tx
        self.naming = naming
        self.console = console
        self.moment = moment
        speech = ValueSpeech(naming: naming)
    }

    /// The text of one field, for a person or for a file; empty where it is not set.
    func value(_ register: RegisterName, of record: RecordName) throws -> String {
        let value = try details(of: record).first { $0.name == register }?.value ?? .null
        return visibleBlock(speech.text(value, of: register, in: record))
    }

    /// Every register that had been written at that moment.
    /// - Throws: `notYetMade`.
    func details(of record: RecordName) throws -> [RegisterDetail] {
        guard let moment else { return try tx.detail(of: record) ?? [] }
        let details = try tx.past(of: record, at: moment).details(at: moment)
        if details.isEmpty { throw ClientError.notYetMade(record) }
        return details
    }

    func lines(of record: RecordName) throws -> [String] {
        if let moment { return try lines(of: record, at: moment) }
        guard let facts = try tx.bookkeeping(of: record), let image = try tx.image(of: record) else {
            return []
        }
        let details = try tx.detail(of: record) ?? []
        let overlooked = try tx.overlooked(limit: 100, of: record)
        let paint = console.out.colour
        let title = visible(image.headline(naming))
        var lines = [
            paint.paint(try naming.short(record), .strong) + "  " + record.kindName + "  "
                + paint.paint(title, .strong)
        ]
        lines.append("  " + paint.paint(history(facts, review: facts.review + overlooked.count), .faint))
        if facts.isDeleted {
            lines.append("  x deleted; bring back: parley undelete \(try naming.short(record))")
        }
        lines += overlooked.map(line)
        lines.append("")
        return lines + fields(details, record)
            + (try Surroundings(tx, naming).lines(of: record, fields: console.options.fieldNames, console))
    }

    /// As it was: without notes and links, which are records of their own.
    private func lines(of record: RecordName, at moment: Moment) throws -> [String] {
        let details = try details(of: record)
        let paint = console.out.colour
        let title = details.first { $0.name == RegisterName(field: Field.titleTag) }?.value.text ?? ""
        let isDeleted = details.contains { $0.name == .deleted && $0.value == .bool(true) }
        return [
            paint.paint(try naming.short(record), .strong) + "  " + record.kindName + "  "
                + paint.paint(visible(title), .strong),
            "  " + paint.paint("as it was at " + moment.words, .faint),
        ] + (isDeleted ? ["  x deleted"] : []) + [""] + fields(details, record)
    }

    private func fields(_ details: [RegisterDetail], _ record: RecordName) -> [String] {
        let shown = details.filter { isShown($0) }
            .filter { RecordJSON.isWanted(record.schema.text(of: $0.name), console.options.fieldNames) }
        let widths = Widths(
            name: min(28, shown.map { name($0, record).columns }.max() ?? 0),
            time: shown.map { console.time(Instant($0.shown)).columns }.max() ?? 0,
            author: shown.map { author($0).columns }.max() ?? 0)
        return shown.flatMap { field($0, record, widths) }
    }

    /// The columns beside the values.
    private struct Widths {
        var name: Int
        var time: Int
        var author: Int
    }

    private func author(_ detail: RegisterDetail) -> String {
        visible(naming.author(of: detail.shown.change))
    }

    /// An edit and a deletion that have not seen each other.
    private func line(_ edit: OverlookedEdit) -> String {
        let field = visible(edit.record.schema.text(of: edit.register))
        let authors = (visible(naming.author(of: edit.edit)), visible(naming.author(of: edit.deletion)))
        return "  ! \(field) edited by \(authors.0) (\(edit.edit.shortAddress)) and deleted by \(authors.1)"
    }

    /// What was cleared, or is not deleted, or is in a set no more, is as if it had never been.
    private func isShown(_ detail: RegisterDetail) -> Bool {
        let isAbsent =
            detail.value == .null
            || (detail.value == .bool(false)
                && (detail.name.field == Field.deletedTag || detail.name.key != nil))
        return !isAbsent || !detail.aside.isEmpty
    }

    private func history(_ facts: Bookkeeping, review count: Int) -> String {
        let created = console.time(Instant(milliseconds: facts.created))
        let changed = console.time(Instant(milliseconds: facts.changed))
        let review = count > 0 ? ", ! \(count) to review" : ""
        return visible(
            "made \(created) by \(facts.author ?? "?"), changed \(changed) by \(facts.changedBy ?? "?")\(review)"
        )
    }

    private func name(_ detail: RegisterDetail, _ record: RecordName) -> String {
        visible(record.schema.text(of: detail.name))
    }

    /// `! confidence  moderate     4 min ago  olga`.
    private func field(_ detail: RegisterDetail, _ record: RecordName, _ widths: Widths) -> [String] {
        let paint = console.out.colour
        let isContested = !detail.aside.isEmpty
        let mark = isContested ? paint.paint("! ", .attention) : "  "
        let head = mark + name(detail, record).padded(to: widths.name)
        let text = speech.text(detail.value, of: detail.name, in: record)
        let age = console.time(Instant(detail.shown)).padded(to: widths.time) + "  " + author(detail)
        let room = (console.width ?? 100) - widths.name - widths.time - widths.author - 8
        var lines: [String]
        if !text.contains("\n"), visible(text).columns <= max(20, room) {
            lines = [head + "  " + visible(text).padded(to: max(20, room)) + "  " + paint.paint(age, .faint)]
        } else {
            lines = [
                head + "  " + String(repeating: " ", count: max(0, room)) + "  " + paint.paint(age, .faint)
            ]
            lines += block(text).map { $0.isEmpty ? "" : "    " + $0 }
        }
        return lines + detail.aside.map { aside($0, detail, record) }
    }

    /// Wrapped where somebody reads; in a pipe the lines are those of the text.
    private func block(_ text: String) -> [String] {
        let text = visibleBlock(text)
        return console.width.map { text.rewrapped(to: max(20, $0 - 4)) } ?? text.components(separatedBy: "\n")
    }

    private func aside(_ head: AsideHead, _ detail: RegisterDetail, _ record: RecordName) -> String {
        let text = visible(speech.text(head.value, of: detail.name, in: record)).cut(to: 60)
        let age = console.time(Instant(head.origin))
        return
            "    set aside: \(text)  \(visible(naming.author(of: head.origin.change))), \(age)  \(head.origin.change.shortAddress)"
    }
}
