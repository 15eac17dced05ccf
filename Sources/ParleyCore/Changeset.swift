/// The register writes that one device made in one act: the unit of authorship, atomicity, storage, sync,
/// signature and undo. Encoded once by its author and final once it has left that machine, it is stored,
/// forwarded and verified as the same bytes.
///
///     +--------+-------+--------+--------+-------+-------+---------+-----------+------+======+
///     | format | flags | device | number | stamp | epoch | context | statement | size | body |
///     |   1    |   1   |   16   | varint |   8   |varint |  below  |  0 or 32  |varint| size |
///     +--------+-------+--------+--------+-------+-------+---------+-----------+------+======+
///
/// The header is what relays need and judge; the body is what replicas need and judge, and is sealed once
/// the workspace has an epoch.
package struct ChangesetHeader: Equatable, Sendable {
    package var change: ChangeID
    package var time: HybridTime
    /// The key under which the body is sealed; 0 is plain.
    package var epoch: UInt64
    /// What the author held when writing, beyond what the author's previous changeset said; the whole of it
    /// in the first changeset of a chain. The author's own previous number is always in it and never listed.
    package var context: Frontier
    /// The newest membership statement held, in the first changeset and whenever it changed.
    package var statement: [UInt8]?

    package init(
        change: ChangeID, time: HybridTime, epoch: UInt64 = 0, context: Frontier, statement: [UInt8]? = nil
    ) {
        self.change = change
        self.time = time
        self.epoch = epoch
        self.context = context
        self.statement = statement
    }

    package var stamp: Stamp { Stamp(time: time, device: change.device) }
    package var origin: Origin { Origin(stamp: stamp, number: change.number) }
    /// The first changeset of a chain carries its context whole.
    package var carriesWholeContext: Bool { change.number == 1 }
}

extension ChangesetHeader {
    package static let format: UInt8 = 1
    /// Bytes of a header at most.
    package static let longest = 60 * 1024
    /// Bytes of a body at most, as it is stored: a plain body of 960 KiB, its packing and its seal.
    package static let longestBody = 960 * 1024 + 1024

    private enum Flag {
        static let wholeContext: UInt8 = 1
        static let statement: UInt8 = 2
        static let known: UInt8 = 3
    }

    /// The header's bytes for a body of `size` bytes, which follow.
    package func encoded(bodySize size: Int) -> [UInt8] {
        var bytes: [UInt8] = [Self.format]
        bytes.reserveCapacity(64 + context.numbers.count * 20)
        bytes.append((carriesWholeContext ? Flag.wholeContext : 0) | (statement == nil ? 0 : Flag.statement))
        bytes.append(uint128: change.device.number)
        bytes.append(varint: change.number)
        bytes.append(uint64: time.number)
        bytes.append(varint: epoch)
        bytes.append(frontier: context)
        if let statement { bytes.append(contentsOf: statement) }
        bytes.append(varint: UInt64(size))
        return bytes
    }

    /// Reads the header of an encoded changeset and tells where its body lies.
    package static func decode(
        _ bytes: [UInt8], in range: Range<Int>? = nil
    ) throws(MalformedBytes) -> (header: ChangesetHeader, body: Range<Int>) {
        var reader = ByteReader(bytes, in: range)
        let start = reader.position
        let header = try reader.changesetHeader()
        let size = try reader.length(atMost: longestBody, "body size")
        guard reader.position - start <= longest else { throw reader.failure(.tooLong, "header") }
        let body = try reader.range(size, "body")
        try reader.expectEnd("changeset")
        return (header, body)
    }

    /// Reads the header alone; `bytes` may end anywhere behind it.
    package init(prefixOf bytes: [UInt8]) throws(MalformedBytes) {
        var reader = ByteReader(bytes)
        self = try reader.changesetHeader()
    }
}

extension ByteReader {
    fileprivate mutating func changesetHeader() throws(MalformedBytes) -> ChangesetHeader {
        guard try byte("format") == ChangesetHeader.format else { throw failure(.notAllowed, "format") }
        let flags = try byte("flags")
        return try header(flags: flags)
    }

    fileprivate mutating func header(flags: UInt8) throws(MalformedBytes) -> ChangesetHeader {
        guard flags & ~3 == 0 else { throw failure(.notAllowed, "flags") }
        let device = DeviceID(try uint128("device"))
        let number = try varint("number")
        guard number > 0, number <= UInt64(Int64.max), (flags & 1 == 1) == (number == 1) else {
            throw failure(.notAllowed, "number")
        }
        let time = HybridTime(number: try uint64("stamp"))
        guard time.number <= UInt64(Int64.max) else { throw failure(.notAllowed, "stamp") }
        let epoch = try varint("epoch")
        guard epoch <= UInt64(Int64.max) else { throw failure(.notAllowed, "epoch") }
        let context = try frontier()
        guard context.numbers[device] == nil else { throw failure(.notAllowed, "context") }
        let statement = flags & 2 == 2 ? try take(32, "statement") : nil
        return ChangesetHeader(
            change: ChangeID(device: device, number: number), time: time, epoch: epoch, context: context,
            statement: statement)
    }

    /// A count, then device and number of each entry, ascending by device.
    package mutating func frontier() throws(MalformedBytes) -> Frontier {
        let count = try length(atMost: remaining / 17, "context size")
        var frontier = Frontier()
        var previous: DeviceID?
        for _ in 0..<count {
            let device = DeviceID(try uint128("context device"))
            if let previous, previous >= device { throw failure(.outOfOrder, "context") }
            let number = try varint("context number")
            guard number > 0, number <= UInt64(Int64.max) else {
                throw failure(.notAllowed, "context number")
            }
            frontier[device] = number
            previous = device
        }
        return frontier
    }
}

extension [UInt8] {
    package mutating func append(frontier: Frontier) {
        append(varint: UInt64(frontier.numbers.count))
        for entry in frontier.sorted {
            append(uint128: entry.device.number)
            append(varint: entry.number)
        }
    }
}
