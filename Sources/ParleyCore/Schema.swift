/// The schema is data: kinds, their fields, and for each field a type and a merge class. Tags are the
/// numbers on the wire; a tag once given is never given again.
package struct Schema: Sendable {
    package let kinds: [Kind]
    private let kindsByTag: [UInt32: Kind]
    private let kindsByName: [String: Kind]

    package init(kinds: [Kind]) {
        self.kinds = kinds
        kindsByTag = Dictionary(uniqueKeysWithValues: kinds.map { ($0.tag, $0) })
        kindsByName = Dictionary(uniqueKeysWithValues: kinds.map { ($0.name, $0) })
    }

    package subscript(tag tag: UInt32) -> Kind? { kindsByTag[tag] }
    package subscript(name name: String) -> Kind? { kindsByName[name] }

    package func kind(letter: Character) -> Kind? { kinds.first { $0.letter == letter } }
}

package struct Kind: Sendable {
    package let tag: UInt32
    package let name: String
    /// The letter before the id in an address, as in `J-88PD`.
    package let letter: Character
    package let fields: [Field]
    private let fieldsByTag: [Field?]
    private let fieldsByName: [String: Field]

    package init(_ tag: UInt32, _ name: String, _ letter: Character, own: [Field]) {
        self.tag = tag
        self.name = name
        self.letter = letter
        fields = Field.base + own
        var byTag = [Field?](repeating: nil, count: Int(Field.tagLimit))
        for field in fields { byTag[Int(field.tag)] = field }
        fieldsByTag = byTag
        fieldsByName = Dictionary(uniqueKeysWithValues: fields.map { ($0.name, $0) })
    }

    package subscript(tag tag: UInt32) -> Field? {
        tag < Field.tagLimit ? fieldsByTag[Int(tag)] : nil
    }

    package subscript(name name: String) -> Field? { fieldsByName[name] }

    /// The fields that have a column of their own in this kind's table.
    package var plainFields: [Field] { fields.filter { !$0.merge.isKeyed } }
}

package struct Field: Sendable {
    /// Tags of declared fields lie below this, so that a set of a row's plain fields is one 64-bit mask.
    package static let tagLimit: UInt32 = 64

    package let tag: UInt32
    package let name: String
    package let type: FieldType
    package let merge: MergeClass

    package init(_ tag: UInt32, _ name: String, _ type: FieldType, _ merge: MergeClass = .shared) {
        self.tag = tag
        self.name = name
        self.type = type
        self.merge = merge
    }
}

/// What a field is to the merge and to its writers. (`derived` fields are never stored, so the schema
/// does not list them.)
package enum MergeClass: Sendable, Equatable {
    /// One register. Loss is possible, therefore always reported.
    case shared
    /// One register per analyst: only the analyst's own devices write it; voices (`~name`) are open to all.
    case each
    /// Set at creation. Binds writers; the merge treats it as `shared`.
    case once
    /// One boolean register per member: concurrent additions both live.
    case set
    /// One register per column name: what an import found no field for.
    case columns

    package var isKeyed: Bool {
        switch self {
        case .shared, .once: false
        case .each, .set, .columns: true
        }
    }

    /// The sign between a field's name and its key in an address.
    package var separator: Character? {
        switch self {
        case .each: "@"
        case .set: ":"
        case .columns: "."
        case .shared, .once: nil
        }
    }
}

package indirect enum FieldType: Sendable, Equatable {
    /// At most 200 code points, no line break.
    case line
    /// Markdown, at most 64 KiB.
    case text
    case int
    /// Millionths, 0 to 1,000,000.
    case probability
    /// `YYYY`, `YYYY-MM` or `YYYY-MM-DD` (ISO 8601, reduced precision).
    case date
    /// `YYYY-MM-DDTHH:MM:SS[.fff]Z`.
    case instant
    case choice([String])
    case bool
    /// 16 bytes that name a record; dangling references are legal.
    case ref
    case url
    /// Values that belong together, in one register. Missing components at the end are not written.
    case tuple([Component])
    /// Any value: carried import columns.
    case any
}

package struct Component: Sendable, Equatable {
    package let name: String
    package let type: FieldType

    package init(_ name: String, _ type: FieldType) {
        self.name = name
        self.type = type
    }
}

/// A register's address within a record: the field's tag, and the key of a keyed field (an analyst's
/// handle, a set's member, a column's name).
package struct RegisterName: Hashable, Comparable, Sendable {
    package var field: UInt32
    /// nil for a plain field.
    package var key: String?

    package init(field: UInt32, key: String? = nil) {
        self.field = field
        self.key = key
    }

    /// Keys are compared as bytes, never as Swift compares strings: two normal forms are two registers.
    package static func == (left: RegisterName, right: RegisterName) -> Bool {
        guard left.field == right.field, let key = left.key, let other = right.key else {
            return left.field == right.field && left.key == nil && right.key == nil
        }
        return key.utf8.elementsEqual(other.utf8)
    }

    /// By field, then no key before any key.
    package static func < (left: RegisterName, right: RegisterName) -> Bool {
        if left.field != right.field { return left.field < right.field }
        guard let later = right.key else { return false }
        guard let earlier = left.key else { return true }
        return earlier.utf8.lexicographicallyPrecedes(later.utf8)
    }
}

/// A record's kind and id. The kind is part of the address: two kinds under one id would be two records.
package struct RecordName: Hashable, Comparable, Sendable {
    package var kind: UInt32
    package var id: RecordID

    package init(kind: UInt32, id: RecordID) {
        self.kind = kind
        self.id = id
    }

    package static func < (left: RecordName, right: RecordName) -> Bool {
        left.kind != right.kind ? left.kind < right.kind : left.id < right.id
    }

    /// In as few words as hold it: imports look records up by the hundred thousand.
    package func hash(into hasher: inout Hasher) {
        hasher.combine(UInt64(truncatingIfNeeded: id.number >> 64) ^ UInt64(kind))
        hasher.combine(UInt64(truncatingIfNeeded: id.number))
    }
}
