package import ParleyCore

package struct CSVOptions: Sendable {
    package enum Key: Equatable, Sendable {
        /// A column's cell after the name of the source: `feed:https://..`.
        case column(String)
        /// The number of the row, so that a file whose rows keep their places can be imported again.
        case row
    }

    /// `,` `;` or tab; nil: whichever the header has most of.
    package var delimiter: UInt8?
    /// Whether `0,8` means 0.8.
    package var decimalComma = false
    /// Column → field, for columns that are not called like the field.
    package var map: [String: String] = [:]
    package var key: Key?
    /// The system in the keys that `key` makes.
    package var source: String
    /// The analyst under whose key a column `stance` is written.
    package var me: String?

    package init(source: String) { self.source = source }
}

/// CSV: records of one kind, one a row, under a header that names their fields: `title`, `stance@olga`,
/// `tags` (members separated by `|`), `x.column`, and `id`, `key`, `keys`, `label`. Any other column goes to
/// `x.` and its name. An empty cell says nothing.
package struct CSVReader {
    private let kind: Kind
    private let options: CSVOptions
    private var rows: CSVRows
    private var header: CSVHeader?
    private var number = 0
    private var isFirst = true

    package init(kind: Kind, options: CSVOptions) {
        self.kind = kind
        self.options = options
        rows = CSVRows(delimiter: options.delimiter)
    }

    /// - Throws: when the header is not one that rows could be read by; nothing can be read then.
    package mutating func feed(
        _ chunk: ArraySlice<UInt8>, into sink: (Result<RecordDraft, DraftFault>) -> Void
    ) throws(DraftFault) {
        rows.append(chunk)
        try readRows(isLast: false, sink)
    }

    package mutating func finish(into sink: (Result<RecordDraft, DraftFault>) -> Void) throws(DraftFault) {
        try readRows(isLast: true, sink)
        if header == nil { throw DraftFault(line: 1, reason: CSVHeader.isEmpty) }
    }

    private mutating func readRows(
        isLast: Bool, _ sink: (Result<RecordDraft, DraftFault>) -> Void
    ) throws(DraftFault) {
        while var row = rows.next(isLast: isLast) {
            if isFirst { try CSVHeader.takeMark(&row) }
            isFirst = false
            if row.bytes.isEmpty { continue }
            guard let header else {
                let delimiter = options.delimiter ?? CSVHeader.sniff(row.bytes)
                rows.delimiter = delimiter
                header = try CSVHeader(row, delimiter: delimiter, kind: kind, options: options)
                continue
            }
            number += 1
            sink(header.draft(row, number: number))
        }
    }
}

/// What each column means.
struct CSVHeader {
    enum Column {
        case id, label, key, keys
        case field(FieldPlace)
    }

    private let kind: Kind
    private let options: CSVOptions
    private let delimiter: UInt8
    private var names: [String] = []
    private var columns: [Column] = []
    private var keyColumn: Int?

    init(_ row: CSVRows.Row, delimiter: UInt8, kind: Kind, options: CSVOptions) throws(DraftFault) {
        self.kind = kind
        self.options = options
        self.delimiter = delimiter
        names = try Self.names(row, delimiter: delimiter)
        for (index, name) in names.enumerated() { columns.append(try column(name, index, row.line)) }
        try findKey(row.line)
    }

    private func column(_ name: String, _ index: Int, _ line: Int) throws(DraftFault) -> Column {
        let mapped = options.map[name]
        // Another system's ids, which are this source's keys.
        if name == "id", mapped == nil, options.key == .column(name) { return try carried(name, line) }
        switch mapped ?? name {
        case "id": return .id
        case "label": return .label
        case "key": return .key
        case "keys": return .keys
        case let target:
            let book = AddressBook(kind: kind, me: options.me)
            do {
                return .field(try book.find(target))
            } catch {
                let isOurs = mapped != nil || (error.reason == .needsKey && target != "x")
                if isOurs {
                    throw DraftFault(
                        line: line, reason: "column \"\(name)\": \(error.sentence(kind: kind.name))")
                }
                return try carried(name, line)
            }
        }
    }

    private func carried(_ name: String, _ line: Int) throws(DraftFault) -> Column {
        guard RegisterName.isKey(name) else {
            throw DraftFault(
                line: line, reason: "the column name \"\(name.prefix(60))\" is too long or holds controls")
        }
        let register = RegisterName(field: Field.columnsTag, key: name)
        return .field(FieldPlace(name: "x." + name, form: .register(register, .any)))
    }

    private mutating func findKey(_ line: Int) throws(DraftFault) {
        if case .column(let name) = options.key {
            guard let index = names.firstIndex(of: name) else {
                let near = nearest(to: name, among: names)
                let choice = near.isEmpty ? names : near
                throw DraftFault(
                    line: line,
                    reason: "no column \"\(name)\" for the key; there is \(choice.joined(separator: ", "))")
            }
            keyColumn = index
        }
        let hasIdentity = columns.contains {
            if case .field = $0 { false } else if case .label = $0 { false } else { true }
        }
        guard hasIdentity || options.key != nil else {
            let reason =
                "nothing says which record a row is: add a column id, key or keys, or say --key COLUMN or --key row"
            throw DraftFault(line: line, reason: reason)
        }
    }
}

// MARK: - Rows

extension CSVHeader {
    func draft(_ row: CSVRows.Row, number: Int) -> Result<RecordDraft, DraftFault> {
        guard row.isWhole else {
            return .failure(DraftFault(line: row.line, reason: Self.openQuote, raw: row.bytes))
        }
        var draft = RecordDraft(kind: kind.tag, line: row.line)
        draft.writes.reserveCapacity(columns.count)
        do {
            try row.bytes.withUnsafeBufferPointer { bytes throws(CSVCellFault) in try read(bytes, &draft) }
        } catch {
            return .failure(row.fault(error.reason, at: error.at))
        }
        if options.key == .row { draft.keys.append("\(options.source):row-\(number)") }
        if draft.id == nil, draft.keys.isEmpty {
            return .failure(row.fault("the row has neither an id nor a key", at: nil))
        }
        return .success(draft)
    }

    private func read(_ bytes: UnsafeBufferPointer<UInt8>, _ draft: inout RecordDraft) throws(CSVCellFault) {
        var cells = CSVCells(bytes, delimiter: delimiter)
        var found: [CSVCell] = []
        found.reserveCapacity(columns.count)
        while let cell = try cells.next() { found.append(cell) }
        guard found.count == columns.count else {
            throw CSVCellFault(at: -1, reason: Self.ragged(found.count, columns.count))
        }
        for (index, cell) in found.enumerated() where !cell.range.isEmpty {
            try read(cell, cells, column: index, &draft)
        }
    }

    private func read(
        _ cell: CSVCell, _ cells: CSVCells, column index: Int, _ draft: inout RecordDraft
    ) throws(CSVCellFault) {
        let text = Formula.restored(try cells.text(cell))
        if text.utf8.first == UInt8(ascii: " "), text.trimmingSpaces().isEmpty { return }
        if index == keyColumn { try addKey("\(options.source):\(text.trimmingSpaces())", cell, &draft) }
        switch columns[index] {
        case .id:
            do {
                draft.id = try kind.id(text.trimmingSpaces())
            } catch {
                let reason = "id: \(error.sentence) (another system's ids are keys: --key id)"
                throw CSVCellFault(at: cell.range.lowerBound, reason: reason)
            }
        case .label: draft.label = text.trimmingSpaces()
        case .key: try addKey(text.trimmingSpaces(), cell, &draft)
        case .keys: for key in Self.members(text) { try addKey(key, cell, &draft) }
        case .field(let place): try write(text, cell, cells, place, &draft)
        }
    }

    private static func members(_ text: String) -> [String] {
        text.split(separator: "|").map { String($0).trimmingSpaces() }.filter { !$0.isEmpty }
    }

    private func addKey(_ key: String, _ cell: CSVCell, _ draft: inout RecordDraft) throws(CSVCellFault) {
        if key.isEmpty || draft.keys.contains(key) { return }
        guard RegisterName.isKey(key) else {
            throw CSVCellFault(at: cell.range.lowerBound, reason: "a key is one line of at most 512 bytes")
        }
        draft.keys.append(key)
    }

    private func write(
        _ text: String, _ cell: CSVCell, _ cells: CSVCells, _ place: FieldPlace, _ draft: inout RecordDraft
    ) throws(CSVCellFault) {
        switch place.form {
        case .members(let field):
            for member in Set(Self.members(text)).sorted(by: { $0.isBefore($1) }) {
                guard RegisterName.isKey(member) else {
                    throw CSVCellFault(
                        at: cell.range.lowerBound, reason: "\(kind.name).\(place.name): not a member")
                }
                draft.writes.append(
                    DraftWrite(RegisterName(field: field.tag, key: member), .value(.bool(true))))
            }
        case .register(let register, let type):
            if cell.isPlain, type.takesPlain(cells.bytes, cell.range) {
                return draft.writes.append(DraftWrite(register, .value(.text(text))))
            }
            let given = type.keepsSpaces ? text : text.trimmingSpaces()
            if given.isEmpty { return }
            let content = try checked(cell, "\(kind.name).\(place.name)") { () throws(ValueFault) in
                try type.content(of: given, decimalComma: options.decimalComma)
            }
            draft.writes.append(DraftWrite(register, content))
        }
    }

    private func checked<Read>(
        _ cell: CSVCell, _ name: String, _ read: () throws(ValueFault) -> Read
    ) throws(CSVCellFault) -> Read {
        do {
            return try read()
        } catch {
            throw CSVCellFault(at: cell.range.lowerBound, reason: "\(name): \(error.sentence)")
        }
    }
}

extension FieldType {
    /// Whether spaces at the ends of a cell belong to the value.
    fileprivate var keepsSpaces: Bool {
        switch self {
        case .line, .text, .any: true
        default: false
        }
    }
}

extension CSVRows.Row {
    /// - Parameter offset: where in the row; negative or nil where the whole row is meant.
    func fault(_ reason: String, at offset: Int?) -> DraftFault {
        guard let offset, offset >= 0 else { return DraftFault(line: line, reason: reason, raw: bytes) }
        var (faultLine, column) = (line, 1)
        for index in 0..<min(offset, bytes.count) {
            let isCRLF = bytes[index] == 0x0D && index + 1 < bytes.count && bytes[index + 1] == 0x0A
            let isBreak = bytes[index] == 0x0A || (bytes[index] == 0x0D && !isCRLF)
            if isBreak {
                (faultLine, column) = (faultLine + 1, 1)
            } else if bytes[index] & 0xC0 != 0x80 {
                column += 1
            }
        }
        return DraftFault(line: faultLine, column: column, reason: reason, raw: bytes)
    }
}
