internal import ParleyCore

/// Devices as small numbers, so that a context is an array.
final class DeviceNumbers {
    private var numbers: [DeviceID: Int] = [:]
    private(set) var devices: [DeviceID] = []

    func number(of device: DeviceID) -> Int {
        if let known = numbers[device] { return known }
        numbers[device] = devices.count
        devices.append(device)
        return devices.count - 1
    }

    func known(_ device: DeviceID) -> Int? { numbers[device] }
}

/// Everything that the author of one changeset had received, whole. Changesets of one chain share the array
/// until one of them adds to it.
struct WholeContext {
    let change: ChangeID
    let numbers: [UInt64]
    let devices: DeviceNumbers

    /// The author's own previous changesets are always covered.
    @inline(__always)
    func covers(_ other: ChangeID) -> Bool {
        if other.device == change.device { return other.number < change.number }
        guard let index = devices.known(other.device), index < numbers.count else { return false }
        return numbers[index] >= other.number
    }
}

/// The chains that a batch prolongs: their heads are read once and saved once.
struct ChainEnds {
    let devices = DeviceNumbers()
    private var ends: [DeviceID: End] = [:]

    fileprivate struct End {
        var number: UInt64
        var time: HybridTime
        var hash: [UInt8]
        var context: [UInt64]
    }

    /// Moves the chain on by one changeset and returns what its author had received.
    mutating func advance(_ entry: LogEntry, log: Log) throws -> (context: WholeContext, isOwnCopy: Bool) {
        let header = entry.header
        let device = header.change.device
        if ends[device] == nil { ends[device] = try load(device, log) }
        guard (ends[device]?.number ?? 0) + 1 == header.change.number else {
            throw log.damaged("changeset \(header.change.number) does not follow in its chain")
        }
        var end = ends.removeValue(forKey: device) ?? End(number: 0, time: header.time, hash: [], context: [])
        end.number = header.change.number
        end.time = header.time
        end.hash = entry.hash
        for (other, number) in header.context.numbers { end.raise(devices.number(of: other), to: number) }
        ends[device] = end
        let context = WholeContext(change: header.change, numbers: end.context, devices: devices)
        return (context, !header.context.numbers.isEmpty)
    }

    /// The chain's last changeset has got its hash.
    mutating func complete(_ entry: LogEntry) { ends[entry.header.change.device]?.hash = entry.hash }

    func save(to log: Log) throws {
        for (device, end) in ends {
            var context = Frontier()
            for (index, number) in end.context.enumerated() where number > 0 {
                context[devices.devices[index]] = number
            }
            try log.save(
                ChainHead(number: end.number, time: end.time, hash: end.hash, context: context), of: device)
        }
    }

    private func load(_ device: DeviceID, _ log: Log) throws -> End? {
        guard let head = try log.head(of: device) else { return nil }
        var end = End(number: head.number, time: head.time, hash: head.hash, context: [])
        for (other, number) in head.context.numbers { end.raise(devices.number(of: other), to: number) }
        return end
    }
}

extension ChainEnds.End {
    fileprivate mutating func raise(_ index: Int, to number: UInt64) {
        while context.count <= index { context.append(0) }
        context[index] = max(context[index], number)
    }
}
