internal import Foundation

/// Makes things on a thread of its own, a few ahead of whoever takes them: work that needs nothing but its input
/// is done by a second core.
///
/// Invariants: things are taken in the order in which they are made; at most `most` are made and not taken; when
/// `run` returns, nothing is being made any more.
package final class Ahead<Item: Sendable>: @unchecked Sendable {
    private struct Stopped: Error {}

    /// Guards everything below.
    private let change = NSCondition()
    private let most: Int
    private var items: [Item] = []
    private var end: Result<Void, any Error>?
    private var isStopped = false

    private init(most: Int) { self.most = most }

    /// - Parameters:
    ///   - most: how many items wait at most.
    ///   - make: hands over items, on the other thread.
    ///   - take: takes them, on the caller's.
    /// - Throws: what `make` throws, once everything before it is taken; at once what `take` throws, without waiting
    ///   for `make`, which may wait for its input: it is stopped at the next thing that it hands over.
    package static func run(
        most: Int, make: @escaping (_ put: (Item) throws -> Void) throws -> Void,
        take: (Item) throws -> Void
    ) throws {
        let ahead = Ahead(most: most)
        let maker = Maker(make: make)
        Thread.detachNewThread { ahead.end(Result { try maker.make(ahead.put) }) }
        defer { ahead.stop() }
        while let item = try ahead.next() { try take(item) }
    }

    /// The caller leaves alone what the closure holds until it has ended.
    private struct Maker: @unchecked Sendable {
        let make: ((Item) throws -> Void) throws -> Void
    }

    private func put(_ item: Item) throws {
        change.lock()
        defer { change.unlock() }
        while items.count == most, !isStopped { change.wait() }
        if isStopped { throw Stopped() }
        items.append(item)
        change.signal()
    }

    private func end(_ result: Result<Void, any Error>) {
        change.withLock {
            end = result
            change.signal()
        }
    }

    /// nil after the last.
    private func next() throws -> Item? {
        change.lock()
        defer { change.unlock() }
        while items.isEmpty, end == nil { change.wait() }
        if items.isEmpty {
            try end?.get()
            return nil
        }
        defer { change.signal() }
        return items.removeFirst()
    }

    private func stop() {
        change.lock()
        defer { change.unlock() }
        isStopped = true
        change.signal()
    }
}
