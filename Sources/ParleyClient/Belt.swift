internal import Foundation

/// Carries things from the thread that makes them to the one that takes them, in their order.
final class Belt<Item: Sendable>: @unchecked Sendable {
    struct Stopped: Error {}

    /// Guards everything below.
    private let change = NSCondition()
    private let most: Int
    private var items: [Item] = []
    private var end: Result<Void, any Error>?
    private var isStopped = false

    /// - Parameter most: how many may lie on it; whoever makes more waits.
    init(most: Int = .max) { self.most = most }

    /// - Throws: `Stopped` where nobody takes any more.
    func put(_ item: Item) throws {
        change.lock()
        defer { change.unlock() }
        while items.count >= most, !isStopped { change.wait() }
        if isStopped { throw Stopped() }
        items.append(item)
        change.signal()
    }

    /// Nothing more comes.
    func end(_ result: Result<Void, any Error> = .success(())) {
        change.withLock {
            end = result
            change.signal()
        }
    }

    /// Waits for the next one; nil after the last.
    /// - Throws: what the belt has ended with, once everything before it is taken.
    func next() throws -> Item? {
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

    /// Nothing more is taken.
    func stop() {
        change.withLock {
            isStopped = true
            change.signal()
        }
    }
}
