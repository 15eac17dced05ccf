/// What the authors of changesets had received, read from the headers of their chains.
///
/// A header carries its context as the difference from the one before it in its chain, so the whole of it is
/// known once the chain has been read from its start. For each pair of devices the book keeps the numbers at
/// which the one learnt of the other; they only grow, and a question is a search among them.
package struct ContextBook: Sendable {
    private struct Learnt {
        var at: UInt64
        var upTo: UInt64
    }

    private struct Chapter {
        var end: UInt64 = 0
        var learnt: [DeviceID: [Learnt]] = [:]
    }

    private var chapters: [DeviceID: Chapter] = [:]

    package init() {}

    /// How far a chain has been read; the next header to add is one more.
    package func end(of device: DeviceID) -> UInt64 { chapters[device]?.end ?? 0 }

    /// Headers of one chain come in the order of their numbers, from 1.
    package mutating func add(_ header: ChangesetHeader) {
        var chapter = chapters.removeValue(forKey: header.change.device) ?? Chapter()
        chapter.end = header.change.number
        for (device, number) in header.context.numbers {
            chapter.learnt[device, default: []].append(Learnt(at: header.change.number, upTo: number))
        }
        chapters[header.change.device] = chapter
    }

    /// Had the author of `change` received `other` when writing? One's own earlier changesets always, the
    /// changeset itself never.
    package func has(_ change: ChangeID, seen other: ChangeID) -> Bool {
        if other.device == change.device { return other.number < change.number }
        guard let learnt = chapters[change.device]?.learnt[other.device] else { return false }
        var range = learnt.startIndex..<learnt.endIndex
        while !range.isEmpty {
            let middle = (range.lowerBound + range.upperBound) / 2
            range =
                learnt[middle].at <= change.number
                ? middle + 1..<range.upperBound : range.lowerBound..<middle
        }
        return range.lowerBound > 0 && learnt[range.lowerBound - 1].upTo >= other.number
    }
}
