internal import Foundation

/// Makes things on a thread of its own, a few ahead of whoever takes them: work that needs nothing but its input
/// is done by a second core.
package enum Ahead<Item: Sendable> {
    /// What is made is taken in its order; when this returns, nothing is being made any more.
    /// - Parameters:
    ///   - most: how many items wait at most.
    ///   - make: hands over items, on the other thread.
    ///   - take: takes them, on the caller's.
    /// - Throws: what `make` throws, once everything before it is taken; at once what `take` throws, without
    ///   waiting for `make`, which may wait for its input: it is stopped at the next thing that it hands over.
    package static func run(
        most: Int, make: @escaping @Sendable (_ put: (Item) throws -> Void) throws -> Void,
        take: (Item) throws -> Void
    ) throws {
        let belt = Belt<Item>(most: most)
        Thread.detachNewThread { belt.end(Result { try make(belt.put) }) }
        defer { belt.stop() }
        while let item = try belt.next() { try take(item) }
    }
}
