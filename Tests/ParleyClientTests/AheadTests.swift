import Foundation
import ParleyClient
import Synchronization
import Testing

@Suite("Making things a few ahead of whoever takes them")
struct AheadTests {
    private struct Broken: Error, Equatable { var number: Int }

    /// Counts on two threads.
    private final class Counter: Sendable {
        private let number = Mutex(0)

        @discardableResult
        func add(_ more: Int) -> Int {
            number.withLock {
                $0 += more
                return $0
            }
        }
    }

    @Test("all come in their order, and never more than agreed lie ready", arguments: [1, 2, 7, 1000])
    func order(most: Int) throws {
        var taken: [Int] = []
        let lying = Counter()
        var highest = 0
        try Ahead<Int>.run(most: most) { put in
            for number in 0..<500 {
                try put(number)
                lying.add(1)
            }
        } take: { number in
            highest = max(highest, lying.add(-1))
            taken.append(number)
        }
        #expect(taken == Array(0..<500))
        // One more may be counted late, and one is in hand.
        #expect(highest <= most + 1)
    }

    @Test("what the maker throws comes after what it has made")
    func makerThrows() {
        var taken: [Int] = []
        #expect(throws: Broken(number: 3)) {
            try Ahead<Int>.run(most: 8) { put in
                for number in 0..<3 { try put(number) }
                throw Broken(number: 3)
            } take: {
                taken.append($0)
            }
        }
        #expect(taken == [0, 1, 2])
    }

    @Test(
        "what the taker throws comes at once, even while the maker waits for its input, and stops the maker")
    func takerThrows() {
        let (input, stopped, made) = (
            DispatchSemaphore(value: 0), DispatchSemaphore(value: 0), Counter()
        )
        #expect(throws: Broken(number: 0)) {
            try Ahead<Int>.run(most: 2) { put in
                defer { stopped.signal() }
                try put(0)
                input.wait()
                for number in 1... {
                    try put(number)
                    made.add(1)
                }
            } take: {
                throw Broken(number: $0)
            }
        }
        input.signal()
        #expect(stopped.wait(timeout: .now() + 20) == .success)
        #expect(made.add(0) == 0)
    }

    @Test("nothing made, nothing taken")
    func nothing() throws {
        try Ahead<Int>.run(most: 1) { _ in
        } take: { _ in
            Issue.record("nothing was made")
        }
    }
}
