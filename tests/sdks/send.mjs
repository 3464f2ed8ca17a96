// Send events with Segment's SDK for Node: node send.mjs ADDRESS KEY CUSTOMERS
// Prints each event when the SDK says that it is delivered; status 1 if one is not.

import { Analytics } from '@segment/analytics-node'

const [address, key, customers] = process.argv.slice(2)
const analytics = new Analytics({ writeKey: key, host: address })
let failed = false
const told = (error, context) => {
  if (error) {
    failed = true
    console.error(String(error.reason ?? error))
  } else {
    console.log(JSON.stringify(context.event))
  }
}

for (let number = 0; number < Number(customers); number++) {
  const userId = `node-${number}`
  const properties = { order_id: `${userId}-0`, total: 12.5, currency: 'USD' }
  analytics.identify({ userId, traits: { country: 'DE' } }, told)
  analytics.page({ userId, category: 'shop', name: 'start' }, told)
  analytics.group({ userId, groupId: 'company-1', traits: { plan: 'pro' } }, told)
  analytics.alias({ previousId: `device-${number}`, userId }, told)
  analytics.track({ userId, event: 'Order Completed', properties }, told)
}
await analytics.closeAndFlush()
process.exitCode = failed ? 1 : 0
