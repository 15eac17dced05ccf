/// A record as a file states it, before a workspace has found out which record that is.
package struct RecordDraft: Equatable, Sendable {
    /// The kind's tag.
    package var kind: UInt32
    /// Where it stands in the file; the first line is 1.
    package var line: Int
    /// The record's own id, where the file gives it.
    package var id: RecordID?
    /// The name by which other drafts of the same file refer to this one (`D1`).
    package var label: String?
    /// External keys, `system:native-id`, by which the record is found or its id derived.
    package var keys: [String]
    package var writes: [DraftWrite]
    /// Whether it only says more of a record that is there: where there is none, it is refused.
    package var mustExist = false
    /// When the source last changed this record, by its own word (`modified` in STIX): an import does not step
    /// back to an older one.
    package var version: Instant?
    /// The record's bytes as they stand in the file, for the file of refused rows; empty where it has none.
    package var raw: [UInt8] = []

    package init(
        kind: UInt32, line: Int, id: RecordID? = nil, label: String? = nil, keys: [String] = [],
        writes: [DraftWrite] = []
    ) {
        self.kind = kind
        self.line = line
        self.id = id
        self.label = label
        self.keys = keys
        self.writes = writes
    }
}

package struct DraftWrite: Equatable, Sendable {
    package var register: RegisterName
    package var content: DraftContent

    package init(_ register: RegisterName, _ content: DraftContent) {
        self.register = register
        self.content = content
    }
}

package enum DraftContent: Equatable, Sendable {
    /// Complete already. `.value(.null)` clears the field.
    case value(Value)
    /// To be read by the field's type, once references (an id, a key, a label) can be resolved.
    case text(String)
    /// A reference to the record of this kind that holds the key; where none does, to the one that an import of
    /// that key would make.
    case record(key: String, kind: UInt32)
}

/// A line of a file that could not be read as a record: where and why, and its bytes for the refused file.
package struct DraftFault: Error, Equatable, Sendable {
    package var line: Int
    /// The first column is 1; 0 where the whole line is meant.
    package var column: Int
    package var reason: String
    package var raw: [UInt8]

    package init(line: Int, column: Int = 0, reason: String, raw: [UInt8] = []) {
        self.line = line
        self.column = column
        self.reason = reason
        self.raw = raw
    }
}

/// A record as a workspace shows it: every set register with its value, in the order of `RegisterName`.
package struct RecordImage: Equatable, Sendable {
    package var name: RecordName
    package var registers: [RegisterImage]

    package init(name: RecordName, registers: [RegisterImage]) {
        self.name = name
        self.registers = registers
    }

    /// The value of a register; null where it is not set.
    package subscript(field: UInt32, key: String? = nil) -> Value {
        value(of: RegisterName(field: field, key: key)) ?? .null
    }

    /// The value of a register; nil where it is not set. Found by halving: a record may have thousands.
    package func value(of register: RegisterName) -> Value? {
        let place = registers.firstPlace { $0.name >= register }
        return place < registers.count && registers[place].name == register ? registers[place].value : nil
    }

    /// The registers of a field, by key.
    package func registers(of field: UInt32) -> ArraySlice<RegisterImage> {
        let start = registers.firstPlace { $0.name.field >= field }
        return registers[start..<registers.firstPlace { $0.name.field > field }]
    }
}

extension Array {
    /// The first place from which on a condition holds, by halving.
    package func firstPlace(where holds: (Element) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if holds(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}

package struct RegisterImage: Equatable, Sendable {
    package var name: RegisterName
    package var value: Value

    package init(_ name: RegisterName, _ value: Value) {
        self.name = name
        self.value = value
    }
}

extension [RegisterImage] {
    /// Sorts by name; of two values of one register the later stays. By numbers first: few names have keys.
    package mutating func sortKeepingLast() {
        if indices.dropFirst().allSatisfy({ self[$0 - 1].name < self[$0].name }) { return }
        let order = indices.map { UInt64(self[$0].name.field) << 32 | UInt64($0) }.sorted()
        var sorted: [RegisterImage] = []
        sorted.reserveCapacity(count)
        for place in order { sorted.insert(self[Int(place & 0xFFFF_FFFF)], amongLastOf: place >> 32) }
        self = sorted
    }

    /// Fields ascend already: finds the place among the keys of the field that came last.
    private mutating func insert(_ register: RegisterImage, amongLastOf field: UInt64) {
        var place = count
        while place > 0, self[place - 1].name.field == field, register.name < self[place - 1].name {
            place -= 1
        }
        if place > 0, self[place - 1].name == register.name {
            self[place - 1] = register
        } else {
            insert(register, at: place)
        }
    }
}
