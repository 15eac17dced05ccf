/// How much of something is welcome: so much a second on average, and so much at once after a quiet time.
package struct Rate: Sendable {
    package let perSecond: Int
    package let atOnce: Int

    package init(perSecond: Int, atOnce: Int) {
        self.perSecond = perSecond
        self.atOnce = atOnce
    }
}

/// What is left of a rate: a bucket that holds `atOnce` thousandfold, since time comes in milliseconds.
package struct Allowance: Sendable {
    private let rate: Rate
    private var left: Int
    private var filled: Int64

    package init(_ rate: Rate, at now: Int64) {
        self.rate = rate
        left = rate.atOnce * 1000
        filled = now
    }

    /// Takes `count` out of the bucket, if it holds as much. A clock that goes backwards fills nothing.
    package mutating func take(_ count: Int, at now: Int64) -> Bool {
        let elapsed = now > filled ? Int(min(UInt64(bitPattern: now &- filled), 86_400_000)) : 0
        filled = now
        left = min(rate.atOnce * 1000, left + elapsed * rate.perSecond)
        guard count * 1000 <= left else { return false }
        left -= count * 1000
        return true
    }
}
