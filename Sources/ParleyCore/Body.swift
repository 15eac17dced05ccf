/// What a changeset says: the act that made it, the registers it writes, and, for an import, the values
/// its source newly said that were not written.
///
///     body  := act  written-count  group*  said-count  group*
///     act   := kind  count  (attribute-tag  value)*          tags ascending
///     group := head  [count]  record-id  write*               head = kind-tag * 8 + count, if count is 1..7
///     write := field-tag * 2 + keyed  [key]  value            else head = kind-tag * 8, then the count
///
/// Numbers are varints, a key is a varint length and UTF-8, a value is one item of deterministic CBOR.
/// Groups ascend by (kind, id) and writes by (field, key), so a register is written at most once.
///
/// Decoding makes no values: writes are ranges of `bytes`, because applying a million of them must not
/// cost a million allocations.
package struct ChangesetBody: Sendable {
    package let bytes: [UInt8]
    package let act: Act
    package let written: [RecordGroup]
    package let said: [RecordGroup]
    package let writes: [EncodedWrite]

    /// A group's register writes.
    package func writes(of group: RecordGroup) -> ArraySlice<EncodedWrite> { writes[group.writes] }

    package func value(of write: EncodedWrite) -> Value {
        // The body was checked item by item when it was decoded.
        (try? Value(decoding: bytes, in: write.value)) ?? .other(Array(bytes[write.value]))
    }

    package func key(of write: EncodedWrite) -> String? {
        write.key.map { String(decoding: bytes[$0], as: UTF8.self) }
    }

    package func register(of write: EncodedWrite) -> RegisterName {
        RegisterName(field: write.field, key: key(of: write))
    }
}

package struct RecordGroup: Equatable, Sendable {
    package var name: RecordName
    /// Indices into the body's `writes`.
    package var writes: Range<Int>
}

package struct EncodedWrite: Equatable, Sendable {
    package var field: UInt32
    /// Where the key's UTF-8 lies; nil for a plain field.
    package var key: Range<Int>?
    /// Where the value's CBOR lies.
    package var value: Range<Int>
}

/// By what a changeset was made, and what is known about that.
package struct Act: Equatable, Sendable {
    package enum Kind: UInt64, Sendable {
        case hand = 1
        case importing = 2
        case undo = 3
        case redo = 4
        case resolve = 5
        case restore = 6
    }

    package enum Attribute: UInt64, Sendable {
        /// text: the author's note (`-m`).
        case note = 1
        /// text: the tool, as `set` or `ui`.
        case tool = 2
        /// text: the name of an import's source.
        case source = 3
        /// bytes: SHA-256 of the imported file.
        case digest = 4
        /// bytes: 16 that name the batch of a larger act.
        case batch = 5
        /// int: 1, 2, 3.. within the batch.
        case part = 6
        /// bool: the batch ends here.
        case last = 7
        /// list of bytes and int: device and number of the changeset that this one undoes or redoes.
        case target = 8
        /// list of bytes and int: device and number under which this changeset was written before its author
        /// took a fresh identity; several pairs where that happened again, the first one first. Its former
        /// addresses lead here.
        case former = 9
        /// text: the name of the file that an import read.
        case file = 10
        /// int: how many of the file's rows an import has dealt with, up to here.
        case rows = 11
    }

    /// Kinds that this version does not know keep their number.
    package var kind: UInt64
    package var attributes: [UInt64: Value]

    package init(_ kind: Kind, _ attributes: [Attribute: Value] = [:]) {
        self.kind = kind.rawValue
        self.attributes = Dictionary(uniqueKeysWithValues: attributes.map { ($0.key.rawValue, $0.value) })
    }

    init(kind: UInt64, attributes: [UInt64: Value]) {
        self.kind = kind
        self.attributes = attributes
    }

    package subscript(attribute: Attribute) -> Value? {
        get { attributes[attribute.rawValue] }
        set { attributes[attribute.rawValue] = newValue }
    }
}

extension Value {
    /// Changesets as an act names them: each its device's bytes and its number, one after the other.
    package init(naming changes: [ChangeID]) {
        self = .list(
            changes.flatMap { [.bytes($0.device.number.bigEndianBytes), .int(Int64(clamping: $0.number))] })
    }

    /// The changesets that an act names; none for any other value.
    package var namedChanges: [ChangeID] {
        guard case .list(let parts) = self, parts.count.isMultiple(of: 2) else { return [] }
        return stride(from: 0, to: parts.count, by: 2).compactMap { index in
            guard case .bytes(let bytes) = parts[index], let device = UInt128(bigEndianBytes: bytes),
                let number = parts[index + 1].int, number > 0
            else { return nil }
            return ChangeID(device: DeviceID(device), number: UInt64(number))
        }
    }
}

/// One register write that an author is about to make.
package struct RegisterWrite: Equatable, Sendable {
    package var record: RecordName
    package var register: RegisterName
    package var value: Value

    package init(_ record: RecordName, _ register: RegisterName, _ value: Value) {
        self.record = record
        self.register = register
        self.value = value
    }
}

extension ChangesetBody {
    /// Bytes of a plain body at most; a larger act is split into the parts of a batch.
    package static let longest = 960 * 1024
    private static let mostWrites = 1 << 20

    /// Encodes an act. `written` and `said` are sorted here; of two writes to one register the later stays.
    package static func encode(act: Act, written: [RegisterWrite], said: [RegisterWrite] = []) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(64 + (written.count + said.count) * 24)
        act.encode(into: &bytes)
        bytes.append(groups: written)
        bytes.append(groups: said)
        return bytes
    }

    /// Encodes an act whose writes stand by record already, and is that body at once: nothing is sorted, copied
    /// or decoded. Both lists ascend by record, and each record's registers by name; no register stands twice.
    /// - Throws: where the result would not decode.
    package init(
        act: Act, records: [RecordImage], said: [RecordImage] = []
    ) throws(MalformedBytes) {
        var encoder = BodyEncoder(act, most: records.count + said.count)
        written = try encoder.append(records)
        self.said = try encoder.append(said)
        (self.act, bytes, writes) = (act, encoder.bytes, encoder.writes)
    }

    /// The bytes of the same writes under another act.
    package func bytes(under act: Act) throws(MalformedBytes) -> [UInt8] {
        var reader = ByteReader(bytes)
        _ = try reader.act()
        var encoded: [UInt8] = []
        encoded.reserveCapacity(bytes.count + 32)
        act.encode(into: &encoded)
        encoded.append(contentsOf: bytes[reader.position...])
        return encoded
    }

    package init(decoding bytes: [UInt8]) throws(MalformedBytes) {
        var reader = ByteReader(bytes)
        act = try reader.act()
        var writes: [EncodedWrite] = []
        writes.reserveCapacity(min(bytes.count / 12, Self.mostWrites))
        written = try reader.groups(into: &writes)
        said = try reader.groups(into: &writes)
        try reader.expectEnd("body")
        self.writes = writes
        self.bytes = bytes
    }
}

extension Act {
    func encode(into bytes: inout [UInt8]) {
        bytes.append(varint: kind)
        bytes.append(varint: UInt64(attributes.count))
        for (tag, value) in attributes.sorted(by: { $0.key < $1.key }) {
            bytes.append(varint: tag)
            value.encode(into: &bytes)
        }
    }
}

extension [UInt8] {
    fileprivate mutating func append(groups writes: [RegisterWrite]) {
        let sorted = writes.isSorted ? writes : writes.sortedKeepingLast()
        let starts = sorted.indices.filter { $0 == 0 || sorted[$0].record != sorted[$0 - 1].record }
        append(varint: UInt64(starts.count))
        for (position, start) in starts.enumerated() {
            let end = position + 1 < starts.count ? starts[position + 1] : sorted.count
            append(group: sorted[start..<end])
        }
    }

    private mutating func append(group: ArraySlice<RegisterWrite>) {
        guard let record = group.first?.record else { return }
        append(groupOf: group.count, record)
        for write in group {
            append(head: write.register)
            write.value.encode(into: &self)
        }
    }

    mutating func append(groupOf count: Int, _ record: RecordName) {
        append(varint: UInt64(record.kind) << 3 | (count < 8 ? UInt64(count) : 0))
        if count >= 8 { append(varint: UInt64(count)) }
        append(uint128: record.id.number)
    }

    /// - Returns: where the key lies; nil for a plain field.
    @inline(__always) @discardableResult
    mutating func append(head register: RegisterName) -> Range<Int>? {
        append(varint: UInt64(register.field) << 1 | (register.key == nil ? 0 : 1))
        guard let key = register.key else { return nil }
        append(text: key)
        return count - key.utf8.count..<count
    }
}

extension [RegisterWrite] {
    private static func precedes(_ left: RegisterWrite, _ right: RegisterWrite) -> Bool {
        left.record != right.record ? left.record < right.record : left.register < right.register
    }

    fileprivate var isSorted: Bool {
        zip(self, dropFirst()).allSatisfy { Self.precedes($0, $1) }
    }

    fileprivate func sortedKeepingLast() -> [RegisterWrite] {
        let order = indices.sorted {
            Self.precedes(self[$0], self[$1]) || (!Self.precedes(self[$1], self[$0]) && $0 < $1)
        }
        var kept: [RegisterWrite] = []
        for index in order {
            if let last = kept.last, last.record == self[index].record, last.register == self[index].register
            {
                kept.removeLast()
            }
            kept.append(self[index])
        }
        return kept
    }
}

extension ByteReader {
    fileprivate mutating func act() throws(MalformedBytes) -> Act {
        let kind = try varint("act")
        var attributes: [UInt64: Value] = [:]
        var previous: UInt64?
        for _ in 0..<(try length(atMost: remaining / 2, "act size")) {
            let tag = try varint("attribute")
            if let previous, previous >= tag { throw failure(.outOfOrder, "attribute") }
            attributes[tag] = try value()
            previous = tag
        }
        return Act(kind: kind, attributes: attributes)
    }

    fileprivate mutating func groups(into writes: inout [EncodedWrite]) throws(MalformedBytes)
        -> [RecordGroup]
    {
        let count = try length(atMost: remaining / 17, "group count")
        var groups: [RecordGroup] = []
        groups.reserveCapacity(count)
        for _ in 0..<count {
            let group = try group(into: &writes)
            if let last = groups.last, last.name >= group.name { throw failure(.outOfOrder, "group") }
            groups.append(group)
        }
        return groups
    }

    private mutating func group(into writes: inout [EncodedWrite]) throws(MalformedBytes) -> RecordGroup {
        let head = try varint("group")
        guard head >> 3 <= UInt64(UInt32.max) else { throw failure(.notAllowed, "kind") }
        var count = Int(head & 7)
        if count == 0 {
            count = try length(atMost: remaining / 2, "write count")
            guard count >= 8 else { throw failure(.notMinimal, "write count") }
        }
        let name = RecordName(kind: UInt32(head >> 3), id: RecordID(try uint128("record")))
        let first = writes.count
        for index in 0..<count {
            let write = try write()
            if index > 0, !precedes(writes[writes.count - 1], write) { throw failure(.outOfOrder, "write") }
            writes.append(write)
        }
        return RecordGroup(name: name, writes: first..<writes.count)
    }

    @inline(__always)
    private mutating func write() throws(MalformedBytes) -> EncodedWrite {
        let head = try varint("field")
        guard head >> 1 <= UInt64(UInt32.max) else { throw failure(.notAllowed, "field") }
        var key: Range<Int>?
        if head & 1 == 1 {
            let range = try range(try length(atMost: RegisterName.longestKey, "key"), "key")
            // An empty key is how tables and addresses write a plain field; two names for one register.
            guard !range.isEmpty else { throw failure(.notAllowed, "key") }
            try expectUTF8(range, "key")
            key = range
        }
        return EncodedWrite(field: UInt32(head >> 1), key: key, value: try valueRange())
    }

    private func precedes(_ left: EncodedWrite, _ right: EncodedWrite) -> Bool {
        if left.field != right.field { return left.field < right.field }
        guard let later = right.key else { return false }
        guard let earlier = left.key else { return true }
        return bytes[earlier].lexicographicallyPrecedes(bytes[later])
    }
}
