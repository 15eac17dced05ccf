package import ParleyCore

/// Writes records as `JSONLinesReader` reads them: one line each, names sorted by their bytes, nothing that
/// depends on anything but the record. What is read again is written as the same bytes.
package struct JSONLinesWriter {
    private let schema: Schema
    private let kindOf: (RecordID) -> UInt32?

    /// - Parameter kindOf: the kind of the record that a reference names, for the letter before its id;
    ///   without one the bare id is written.
    package init(schema: Schema = .assessments, kindOf: @escaping (RecordID) -> UInt32? = { _ in nil }) {
        self.schema = schema
        self.kindOf = kindOf
    }

    /// The record's line, its line feed included.
    /// - Parameter history: what was ever written of its registers; readers pass it over.
    package func line(_ image: RecordImage, history: [RegisterPast]? = nil) -> [UInt8] {
        let kind = schema[tag: image.name.kind] ?? .unknown(image.name.kind)
        var line = Array("{\"fields\":".utf8)
        let members = image.registers.map { (name: kind.address(of: $0.name), value: $0) }
        line.appendJSONObject(members.sorted { $0.name.isBefore($1.name) }) { append($1, kind, to: &$0) }
        line += ",\"id\":\"\(address(of: image.name.id, kind))\",\"kind\":\"\(kind.name)\"".utf8
        if let history { append(history, kind, to: &line) }
        line += "}\n".utf8
        return line
    }

    private func append(_ history: [RegisterPast], _ kind: Kind, to line: inout [UInt8]) {
        line += ",\"registers\":".utf8
        let members = history.map { (name: kind.address(of: $0.name), value: $0) }
        line.appendJSONObject(members.sorted { $0.name.isBefore($1.name) }) { line, past in
            line.appendJSONArray(past.writes) { append($1, of: past.name, kind, to: &$0) }
        }
    }

    private func append(_ write: PastWrite, of register: RegisterName, _ kind: Kind, to line: inout [UInt8]) {
        line += "{\"act\":".utf8
        line.append(jsonString: write.act)
        line += "\(write.isAside ? ",\"aside\":true" : ""),\"at\":\"\(write.at.text)\",\"by\":".utf8
        line.append(jsonString: write.by)
        line += ",\"device\":\"\(write.device)\",\"number\":\(write.number),\"value\":".utf8
        append(RegisterImage(register, write.value), kind, to: &line)
        line.append(UInt8(ascii: "}"))
    }

    private func address(of id: RecordID, _ kind: Kind) -> String {
        RecordAddress.text(id, kind: kind.isUnknown ? nil : kind)
    }

    private func append(_ register: RegisterImage, _ kind: Kind, to line: inout [UInt8]) {
        guard let field = kind[tag: register.name.field], field.merge.isKeyed == (register.name.key != nil)
        else {
            return register.value == .null ? line.append(json: .null) : line.append(rawJSON: register.value)
        }
        line.append(json: register.value, field.type, reference: reference)
    }

    private func reference(_ id: RecordID) -> String {
        RecordAddress.text(id, kind: kindOf(id).flatMap { schema[tag: $0] })
    }
}

extension String {
    /// Sorted by bytes, which no locale changes.
    func isBefore(_ other: String) -> Bool { utf8.lexicographicallyPrecedes(other.utf8) }
}

extension [UInt8] {
    /// Appends a field's value as `JSONScanner.given` reads it; what would come back as another value is
    /// written raw.
    mutating func append(json value: Value, _ type: FieldType, reference: (RecordID) -> String) {
        guard value != .null, type != .any else { return append(json: value) }
        guard type.accepts(value) else { return append(rawJSON: value) }
        switch (type, value) {
        case (.tuple(let components), .list(let items)):
            guard value.encoded == Value.tuple(items).encoded else { return append(rawJSON: value) }
            let parts = zip(components, items).map { (type: $0.type, value: $1) }
            appendJSONArray(parts) { $0.append(json: $1.value, $1.type, reference: reference) }
        case (.probability, .int(let millionths)):
            let number = DecimalNumber(isNegative: false, digits: UInt64(millionths), exponent: -6)
            append(contentsOf: number.json.utf8)
        case (.ref, _): append(jsonString: value.ref.map(reference) ?? "")
        default: append(json: value)
        }
    }
}
