/// What may happen next, and how often it does.
enum Step {
    case edit, keyed, create, delete, resolve, importing
    case network, sync, connect, cut
    case crashClient, crashServer, failClient, failServer
    case backUp, restoreServer, clock, join, rebuild, tamper

    static let weights: [(Step, weight: Int)] = [
        (.edit, 220), (.keyed, 90), (.create, 30), (.delete, 60), (.resolve, 40), (.importing, 50),
        (.network, 240), (.sync, 90), (.connect, 60), (.cut, 25),
        (.crashClient, 20), (.crashServer, 12), (.failClient, 16), (.failServer, 14),
        (.backUp, 10), (.restoreServer, 6), (.clock, 25), (.join, 2), (.rebuild, 3), (.tamper, 10),
    ]
}

extension Run {
    func take(_ step: Step) throws {
        let replica = dice.pick(replicas)
        switch step {
        case .edit: try edit(replica)
        case .keyed: try editKeyed(replica)
        case .create: try create(replica)
        case .delete: try delete(replica)
        case .resolve: try resolve(replica)
        case .importing: try importFile(replica)
        case .network: try moveBytes()
        case .sync: try sync(replica)
        case .connect: try connect(replica)
        case .cut: cutSomewhere()
        case .crashClient: try crash(replica)
        case .crashServer: try crashServer()
        case .failClient: try failWrite(of: replica)
        case .failServer: try failWriteOfServer(with: replica)
        case .backUp: try backUpServer()
        case .restoreServer: try restoreServer()
        case .clock: moveClock(of: replica)
        case .join: try join()
        case .rebuild: try rebuild(replica)
        case .tamper: tamper(replica)
        }
    }
}
