import ParleyCore

/// Reads the record of one line. The members of a line may come in any order and usually `fields` comes
/// before `kind`; so its place is noted first and it is read last.
struct JSONLineParser: LineParser {
    private let schema: Schema
    private let me: String?
    /// Kinds kept at most: those that this version does not know can be of any number.
    private static let mostKinds = 256
    private var books: [AddressBook] = []
    private var indices: [String: Int] = [:]

    init(schema: Schema, me: String?) {
        self.schema = schema
        self.me = me
    }

    mutating func read(
        _ line: UnsafeBufferPointer<UInt8>, _ number: Int, _ sink: (Result<RecordDraft, DraftFault>) -> Void
    ) {
        var scanner = JSONScanner(line)
        if number == 1, line.starts(with: [0xEF, 0xBB, 0xBF]) { scanner.position = 3 }
        if RowFrame.isReason(line) { return }
        if scanner.peek() == 0, scanner.position == line.count { return }
        do {
            var draft = try draft(scanner, number)
            draft.raw = Array(line)
            sink(.success(draft))
        } catch {
            let column = line[..<min(error.at, line.count)].reduce(1) { $0 + ($1 & 0xC0 == 0x80 ? 0 : 1) }
            sink(.failure(DraftFault(line: number, column: column, reason: error.reason, raw: Array(line))))
        }
    }

    private mutating func draft(_ line: JSONScanner, _ number: Int) throws(JSONFault) -> RecordDraft {
        let envelope = try Envelope(line)
        let index = try book(of: envelope.kind)
        let kind = books[index].kind
        var draft = RecordDraft(kind: kind.tag, line: number, label: envelope.label, keys: envelope.keys)
        if let id = envelope.id {
            do {
                draft.id = try kind.id(id.text)
            } catch {
                throw JSONFault(at: id.at, "id: \(error.sentence)")
            }
        }
        if let fields = envelope.fields {
            var reading = FieldsReading(line, at: fields, isNative: draft.id != nil)
            draft.writes = try reading.writes(&books[index], keys: &draft.keys)
        }
        return draft
    }

    private mutating func book(of kind: Envelope.Name) throws(JSONFault) -> Int {
        if let index = indices[kind.text] { return index }
        do {
            let book = AddressBook(kind: try schema.kind(named: kind.text), me: me)
            if books.count == Self.mostKinds { (books, indices) = ([], [:]) }
            books.append(book)
            indices[kind.text] = books.count - 1
            return books.count - 1
        } catch {
            throw JSONFault(at: kind.at, error.sentence)
        }
    }
}

/// What stands beside the fields.
private struct Envelope {
    struct Name {
        var text: String
        var at: Int
    }
    var kind = Name(text: "", at: 0)
    var id: Name?
    var label: String?
    var keys: [String] = []
    /// Where the object begins.
    var fields: Int?

    init(_ line: JSONScanner) throws(JSONFault) {
        var scanner = line
        var seen: [JSONString] = []
        try scanner.object { (scanner, name) throws(JSONFault) in
            for other in seen where scanner.bytes[other.range].elementsEqual(scanner.bytes[name.range]) {
                throw scanner.fault("this name stands twice", at: name.range.lowerBound)
            }
            seen.append(name)
            try read(&scanner, name)
        }
        try scanner.expectEnd()
        guard kind.at > 0 else { throw JSONFault(at: 0, "no \"kind\"") }
    }

    private mutating func read(_ scanner: inout JSONScanner, _ name: JSONString) throws(JSONFault) {
        if scanner.equals(name, "fields") {
            guard scanner.peek() == UInt8(ascii: "{") else {
                throw scanner.fault("fields: expected an object")
            }
            fields = scanner.position
            try scanner.skipValue()
        } else if scanner.equals(name, "kind") {
            kind = try Self.name(&scanner)
        } else if scanner.equals(name, "id") {
            id = try Self.name(&scanner)
        } else if scanner.equals(name, "label") {
            label = try Self.name(&scanner).text
        } else if scanner.equals(name, "key") || scanner.equals(name, "keys") {
            try readKeys(&scanner)
        } else if scanner.equals(name, "registers") {
            // The history that `export --history` adds; a file's values do not depend on it.
            try scanner.skipValue()
        } else {
            let names = "fields, id, key, keys, kind, label"
            throw scanner.fault(
                "a line has no member of this name; it has \(names)", at: name.range.lowerBound)
        }
    }

    private static func name(_ scanner: inout JSONScanner) throws(JSONFault) -> Name {
        _ = scanner.peek()
        let at = scanner.position
        return Name(text: try scanner.text(try scanner.string()), at: at)
    }

    private mutating func readKeys(_ scanner: inout JSONScanner) throws(JSONFault) {
        guard scanner.peek() == UInt8(ascii: "[") else {
            return keys.append(try Self.key(&scanner))
        }
        try scanner.array { (scanner) throws(JSONFault) in keys.append(try Self.key(&scanner)) }
    }

    private static func key(_ scanner: inout JSONScanner) throws(JSONFault) -> String {
        let name = try name(&scanner)
        guard RegisterName.isKey(name.text) else {
            throw JSONFault(at: name.at, "a key is one line of 1 to \(RegisterName.longestKey) bytes")
        }
        return name.text
    }
}

/// The members of `fields`.
private struct FieldsReading {
    private var scanner: JSONScanner
    private let isNative: Bool
    private var seen = SeenRegisters()
    private var writes: [DraftWrite] = []

    init(_ line: JSONScanner, at start: Int, isNative: Bool) {
        scanner = line
        scanner.position = start
        self.isNative = isNative
        writes.reserveCapacity(16)
    }

    /// - Parameter keys: gains the external keys that the fields hold.
    mutating func writes(_ book: inout AddressBook, keys: inout [String]) throws(JSONFault) -> [DraftWrite] {
        var scanner = scanner
        var index = 0
        try scanner.object { (scanner, name) throws(JSONFault) in
            try read(&scanner, name, at: index, &book)
            index += 1
        }
        guard seen.isUnique else { throw JSONFault(at: self.scanner.position, "a field stands twice") }
        for case let write in writes where write.register.field == Field.keysTag {
            if let key = write.register.key, write.content == .value(.bool(true)), !keys.contains(key) {
                keys.append(key)
            }
        }
        return writes
    }

    @inline(__always)
    private mutating func read(
        _ scanner: inout JSONScanner, _ name: JSONString, at index: Int, _ book: inout AddressBook
    ) throws(JSONFault) {
        let text = try scanner.text(name)
        let place: FieldPlace
        do {
            place = try book.place(text, at: index, isASCII: name.isPlain)
        } catch {
            throw JSONFault(at: name.range.lowerBound, error.sentence(kind: book.kind.name))
        }
        switch place.form {
        case .register(let register, let type): try read(&scanner, register, type, place, book.kind)
        case .members(let field): try readMembers(&scanner, field, place, book.kind)
        }
    }

    @inline(__always)
    private mutating func read(
        _ scanner: inout JSONScanner, _ register: RegisterName, _ type: FieldType, _ place: FieldPlace,
        _ kind: Kind
    ) throws(JSONFault) {
        do {
            guard let content = try scanner.given(type, keepsEmpty: isNative) else { return }
            seen.insert(register)
            writes.append(DraftWrite(register, content))
        } catch {
            throw JSONFault(at: error.at, "\(kind.name).\(place.name): \(error.reason)")
        }
    }

    /// `"tags":["a","b"]` adds the members; those that it does not name stay as they are.
    private mutating func readMembers(
        _ scanner: inout JSONScanner, _ field: Field, _ place: FieldPlace, _ kind: Kind
    ) throws(JSONFault) {
        try scanner.array { (scanner) throws(JSONFault) in
            let token = try scanner.string("a member in quotes")
            let member = try scanner.text(token)
            guard RegisterName.isKey(member) else {
                let reason =
                    "\(kind.name).\(place.name): a member is one line of 1 to \(RegisterName.longestKey) bytes"
                throw JSONFault(at: token.range.lowerBound, reason)
            }
            let register = RegisterName(field: field.tag, key: member)
            seen.insert(register)
            writes.append(DraftWrite(register, .value(.bool(true))))
        }
    }
}

/// Whether a register was named twice, by its bytes.
private struct SeenRegisters {
    private var plain: UInt64 = 0
    private var others: [RegisterName] = []
    private var isRepeated = false

    @inline(__always)
    mutating func insert(_ register: RegisterName) {
        guard register.key == nil, register.field < Field.tagLimit else { return others.append(register) }
        let bit: UInt64 = 1 << UInt64(register.field)
        if plain & bit != 0 { isRepeated = true }
        plain |= bit
    }

    var isUnique: Bool {
        if isRepeated { return false }
        guard others.count > 1 else { return true }
        let sorted = others.sorted()
        return zip(sorted, sorted.dropFirst()).allSatisfy { $0 < $1 }
    }
}
