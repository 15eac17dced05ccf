internal import Foundation
internal import Synchronization

/// One thing that is being made on another thread.
package final class Beside<Item: Sendable>: Sendable {
    private let result = Mutex<Result<Item, any Error>?>(nil)
    private let done = DispatchSemaphore(value: 0)

    package init(_ make: @escaping @Sendable () throws -> Item) {
        DispatchQueue.global().async { [self] in
            let made = Result { try make() }
            result.withLock { $0 = made }
            done.signal()
        }
    }

    package var isDone: Bool { result.withLock { $0 != nil } }

    /// Waits until it is made.
    /// - Throws: what making it threw.
    package func get() throws -> Item? {
        done.wait()
        done.signal()
        return try result.withLock { $0 }?.get()
    }
}
