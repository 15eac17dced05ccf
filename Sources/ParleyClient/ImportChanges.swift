internal import Foundation
internal import ParleyCore
internal import ParleyStore

/// Makes the changesets of an import's parts, in their order, on a thread of its own: while a part is sorted,
/// encoded, packed, sealed and hashed, the next one is compared with the workspace.
final class ImportChanges: @unchecked Sendable {
    /// One after the other; what is touched there alone is the author and the count of parts.
    private let queue = DispatchQueue(label: "import changes")
    private var author: Result<Author, any Error>
    private var parts: Int64
    /// Guards what follows.
    private let change = NSCondition()
    private var made: [Arrival] = []
    private var failure: (any Error)?
    private var waiting = 0

    /// - Parameters:
    ///   - author: or why there is none, which matters once there is something to write.
    ///   - parts: that the batch has so far.
    init(by author: Result<Author, any Error>, after parts: Int64) {
        (self.author, self.parts) = (author, parts)
    }

    /// - Parameter act: all of it except the part's number.
    func add(_ part: CollectedWrites.Part, under act: Act) {
        change.withLock { waiting += 1 }
        queue.async { [self] in
            let arrivals = Result { try make(part, act) }
            change.withLock {
                waiting -= 1
                do { made += try arrivals.get() } catch { failure = failure ?? error }
                change.signal()
            }
        }
    }

    private func make(_ part: CollectedWrites.Part, _ act: Act) throws -> [Arrival] {
        var (act, author) = (act, try author.get())
        act[.part] = .int(parts + 1)
        let bodies = try ChangesetBody.parts(
            of: act, records: part.written.inOrder, said: part.said.inOrder)
        parts += Int64(bodies.count)
        defer { self.author = .success(author) }
        return try bodies.map { try author.arrival(of: $0) }
    }

    /// Lets go of what is not needed any more, which takes its time too.
    func discard(_ rest: consuming some Sendable) {
        queue.async { [rest] in _ = rest }
    }

    /// Waits for the next one; nil after the last of what was added.
    /// - Throws: where a part cannot be a body, or one of its values is too large for any.
    func next() throws -> Arrival? {
        change.lock()
        defer { change.unlock() }
        while made.isEmpty, waiting > 0, failure == nil { change.wait() }
        if let failure { throw failure }
        return made.isEmpty ? nil : made.removeFirst()
    }

    /// The statement that the newest of them names, where one does.
    var named: [UInt8]? { queue.sync { try? author.get().named } }
}
