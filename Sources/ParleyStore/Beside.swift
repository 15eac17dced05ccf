internal import Foundation

/// One thing that is being made on another thread.
package final class Beside<Item: Sendable>: @unchecked Sendable {
    private let change = NSCondition()
    private var result: Result<Item, any Error>?

    package init(_ make: @escaping @Sendable () throws -> Item) {
        DispatchQueue.global().async { [self] in
            let made = Result { try make() }
            change.withLock {
                result = made
                change.broadcast()
            }
        }
    }

    package var isDone: Bool { change.withLock { result != nil } }

    /// Waits until it is made.
    /// - Throws: what making it threw.
    package func get() throws -> Item {
        change.lock()
        defer { change.unlock() }
        while true {
            if let result { return try result.get() }
            change.wait()
        }
    }
}
