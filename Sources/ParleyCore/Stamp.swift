/// Hybrid logical time in one 64-bit number: 48 bits of milliseconds since 1970 and 16 bits of counter
/// (Kulkarni et al., "Logical Physical Clocks", 2014). Adding one to a full counter advances the
/// milliseconds, so an import of any size cannot overflow it.
package struct HybridTime: Hashable, Comparable, Sendable {
    package var number: UInt64

    package init(number: UInt64) { self.number = number }

    /// The first moment of a millisecond. Times before 1970 or beyond the year 6429 are held at the ends, so
    /// that the number fits SQLite's signed 64 bits.
    package init(milliseconds: Int64) {
        number = UInt64(min(max(milliseconds, 0), 0x7FFF_FFFF_FFFF)) << 16
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    package var milliseconds: Int64 { Int64(number >> 16) }
    package var counter: UInt16 { UInt16(truncatingIfNeeded: number) }

    package static func < (left: HybridTime, right: HybridTime) -> Bool { left.number < right.number }

    /// The time of the next write: the wall clock's, or one more than all that was seen if the clock is
    /// behind that. So a stamp is greater than every stamp in its context, whatever the clocks did.
    package static func next(after seen: HybridTime, wall milliseconds: Int64) -> HybridTime {
        let wall = HybridTime(milliseconds: milliseconds)
        return wall > seen ? wall : HybridTime(number: min(seen.number, greatest - 1) + 1)
    }

    /// No time is greater, on the wire and in SQLite. Who has seen it can write no more: the header would
    /// break the rule above and everybody would refuse it.
    package static let greatest = UInt64(Int64.max)
}

/// What orders all writes: time, then device as unsigned bytes. Two different changesets with one device
/// and number are a fork and never compared; hence the order is total.
package struct Stamp: Hashable, Comparable, Sendable {
    package var time: HybridTime
    package var device: DeviceID

    package init(time: HybridTime, device: DeviceID) {
        self.time = time
        self.device = device
    }

    package static func < (left: Stamp, right: Stamp) -> Bool {
        if Flaw.isPlanted(.noTieBreak) { return left.time < right.time }
        return (left.time, left.device) < (right.time, right.device)
    }
}

/// A changeset as a head remembers it: when it was stamped, by which device, and its number there.
package struct Origin: Hashable, Comparable, Sendable {
    package var stamp: Stamp
    package var number: UInt64

    package init(stamp: Stamp, number: UInt64) {
        self.stamp = stamp
        self.number = number
    }

    package var change: ChangeID { ChangeID(device: stamp.device, number: number) }

    package static func < (left: Origin, right: Origin) -> Bool { left.stamp < right.stamp }
}

/// Device → highest number held: a version vector. What a replica holds, and what the author of a
/// changeset held when writing (the changeset's *context*).
package struct Frontier: Equatable, Sendable {
    package var numbers: [DeviceID: UInt64]

    package init(_ numbers: [DeviceID: UInt64] = [:]) { self.numbers = numbers }

    /// The least frontier that covers all of `changes`.
    package init(covering changes: some Sequence<ChangeID>) {
        numbers = Dictionary(changes.map { ($0.device, $0.number) }, uniquingKeysWith: max)
    }

    package subscript(device: DeviceID) -> UInt64 {
        get { numbers[device] ?? 0 }
        set { numbers[device] = newValue == 0 ? nil : newValue }
    }

    package func covers(_ change: ChangeID) -> Bool { self[change.device] >= change.number }

    /// The entries in the order of the wire: by device, ascending.
    package var sorted: [ChangeID] {
        numbers.map { ChangeID(device: $0.key, number: $0.value) }.sorted()
    }

    /// Where this frontier is ahead of `older`; the difference that a changeset carries.
    package func difference(from older: Frontier) -> Frontier {
        Frontier(numbers.filter { $0.value > older[$0.key] })
    }

    package mutating func merge(_ other: Frontier) {
        numbers.merge(other.numbers) { max($0, $1) }
    }
}
