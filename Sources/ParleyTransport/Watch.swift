/// A descriptor under the eye of a loop. Set `interest` to say what to wait for; `onReadable` and
/// `onWritable` are called in every turn in which that is so, until they have done something about it.
///
/// What the kernel cannot watch (a regular file as standard input) counts as always ready, as poll(2)
/// has it. One descriptor has at most one watch. Whoever closes the descriptor cancels the watch first.
package final class Watch {
    package let descriptor: Int32
    package var onReadable: () -> Void = {}
    package var onWritable: () -> Void = {}
    let token: UInt64
    private weak var loop: ReadinessLoop?

    package var interest: Interest = [] {
        didSet { if interest != oldValue { loop?.interestChanged(self, from: oldValue) } }
    }

    init(_ descriptor: Int32, token: UInt64, loop: ReadinessLoop) {
        (self.descriptor, self.token, self.loop) = (descriptor, token, loop)
    }

    /// No callback comes after this. Repeating it does nothing.
    package func cancel() {
        interest = []
        loop?.forget(self)
        loop = nil
        (onReadable, onWritable) = ({}, {})
    }

    func notify(_ ready: Interest) {
        if ready.contains(.read) && interest.contains(.read) { onReadable() }
        if ready.contains(.write) && interest.contains(.write) { onWritable() }
    }
}
