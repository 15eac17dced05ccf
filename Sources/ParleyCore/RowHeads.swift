/// The heads of a row's plain fields that have the value shown, packed: for each changeset that is such a
/// head, the fields it is a head of, as a 64-bit mask of field tags.
///
/// A row written by one changeset has one entry. Two sites that import the same file apart leave two entries
/// with overlapping masks: heads of equal values, all kept, at some thirty bytes a row. Heads whose values
/// differ from the shown one do not fit here; the store keeps them in a table of their own.
///
///     first-stamp (8 + 16)   entry*      entry := time (8)  device (16)  number varint  mask varint
///
/// The last entry may have an empty mask: the newest changeset that touched the record, where it is no head
/// of a plain field.
///
/// `first` is the least stamp of all non-void changesets that touched the record: its author and time are
/// the record's.
package struct RowHeads: Equatable, Sendable {
    package var first: Stamp
    package var entries: [RowEntry]

    package init(first: Stamp, entries: [RowEntry] = []) {
        self.first = first
        self.entries = entries
    }

    /// The fields that have been written at all.
    package var mask: UInt64 { entries.reduce(0) { $0 | $1.mask } }

    /// The heads of one field that have the shown value, the greatest first.
    package func origins(of field: UInt32) -> [Origin] {
        entries.filter { $0.mask & (1 << UInt64(field)) != 0 }.map(\.origin).sorted(by: >)
    }

    /// The head of a field that has one alone with the shown value; nil for several, or none.
    package func soleOrigin(of field: UInt32) -> Origin? {
        var sole: Origin?
        for entry in entries where entry.mask & (1 << UInt64(field)) != 0 {
            if sole != nil { return nil }
            sole = entry.origin
        }
        return sole
    }

    /// The fields among `mask` that have a head which `covers` does not cover. Only these, and those that
    /// have heads set aside elsewhere, need the merge field by field; for the others the arriving write
    /// becomes the sole head (rule 3 of the merge law).
    package func contested(_ mask: UInt64, covers: (ChangeID) -> Bool) -> UInt64 {
        var contested: UInt64 = 0
        if Flaw.isPlanted(.unseenSuperseded) { return contested }
        for entry in entries where entry.mask & mask & ~contested != 0 && !covers(entry.origin.change) {
            contested |= entry.mask & mask
        }
        return contested
    }

    /// Makes `origin` the sole shown head of the fields in `mask`.
    package mutating func replace(_ mask: UInt64, by origin: Origin) {
        for index in entries.indices { entries[index].mask &= ~mask }
        entries.removeAll { $0.mask == 0 }
        add(mask, by: origin)
    }

    /// Makes the `origins` the heads of one field that have its shown value.
    package mutating func set(_ field: UInt32, heads origins: [Origin]) {
        let bit: UInt64 = 1 << UInt64(field)
        for index in entries.indices { entries[index].mask &= ~bit }
        entries.removeAll { $0.mask == 0 }
        for origin in origins { add(bit, by: origin) }
    }

    /// Entries stand in the order of their origins, so equal heads have equal bytes on every replica.
    private mutating func add(_ mask: UInt64, by origin: Origin) {
        guard mask != 0 else { return }
        let index = entries.firstIndex { $0.origin >= origin } ?? entries.count
        if index < entries.count, entries[index].origin == origin {
            entries[index].mask |= mask
        } else {
            entries.insert(RowEntry(origin: origin, mask: mask), at: index)
        }
    }
}

package struct RowEntry: Equatable, Sendable {
    package var origin: Origin
    package var mask: UInt64

    package init(origin: Origin, mask: UInt64) {
        self.origin = origin
        self.mask = mask
    }
}

extension RowHeads {
    package var encoded: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(24 + entries.count * 32)
        bytes.append(stamp: first)
        for entry in entries {
            bytes.append(stamp: entry.origin.stamp)
            bytes.append(varint: entry.origin.number)
            bytes.append(varint: entry.mask)
        }
        return bytes
    }

    package init(decoding bytes: [UInt8]) throws(MalformedBytes) {
        var reader = ByteReader(bytes)
        first = try reader.stamp()
        entries = []
        while !reader.isAtEnd {
            let stamp = try reader.stamp()
            let origin = Origin(stamp: stamp, number: try reader.varint("number"))
            if let last = entries.last, last.origin >= origin { throw reader.failure(.outOfOrder, "entry") }
            let mask = try reader.varint("mask")
            guard mask != 0 || reader.isAtEnd else { throw reader.failure(.notAllowed, "mask") }
            entries.append(RowEntry(origin: origin, mask: mask))
        }
    }
}

extension ByteReader {
    package mutating func stamp() throws(MalformedBytes) -> Stamp {
        let time = HybridTime(number: try uint64("time"))
        return Stamp(time: time, device: DeviceID(try uint128("device")))
    }
}

extension [UInt8] {
    package mutating func append(stamp: Stamp) {
        append(uint64: stamp.time.number)
        append(uint128: stamp.device.number)
    }
}
