internal import Foundation
internal import Synchronization

/// Carries things from the thread that makes them to the one that takes them, in their order.
final class Belt<Item: Sendable>: Sendable {
    struct Stopped: Error {}

    private struct State {
        var items: [Item] = []
        var end: Result<Void, any Error>?
        var isStopped = false
    }

    private let state = Mutex(State())
    /// Counts what lies on the belt, and its end.
    private let filled = DispatchSemaphore(value: 0)
    /// Counts the free places; nil where there is no limit.
    private let free: DispatchSemaphore?

    /// - Parameter most: how many may lie on it, where that is limited: whoever makes more waits.
    init(most: Int? = nil) {
        free = most.map { _ in DispatchSemaphore(value: 0) }
        for _ in 0..<(most ?? 0) { free?.signal() }
    }

    /// - Throws: `Stopped` where nobody takes any more.
    func put(_ item: Item) throws {
        free?.wait()
        try state.withLock { state in
            if state.isStopped { throw Stopped() }
            state.items.append(item)
        }
        filled.signal()
    }

    /// Nothing more comes; what is said first counts.
    func end(_ result: Result<Void, any Error> = .success(())) {
        state.withLock { $0.end = $0.end ?? result }
        filled.signal()
    }

    /// Waits for the next one; nil after the last.
    /// - Throws: what the belt has ended with, once everything before it is taken.
    func next() throws -> Item? {
        filled.wait()
        let item = state.withLock { $0.items.isEmpty ? nil : $0.items.removeFirst() }
        if let item {
            free?.signal()
            return item
        }
        filled.signal()
        try state.withLock { $0.end }?.get()
        return nil
    }

    /// Nothing more is taken.
    func stop() {
        state.withLock { $0.isStopped = true }
        free?.signal()
    }
}
