/* Growths that the limits allow: counted, and told to whoever watches, because whether the system grants one is the
 * world's answer and not the program's (design: determinism is a property of the engine). */
#include "runtime/instance.h"

bool growth_ask(struct rt_instance *instance, bool table, uint32_t index, uint32_t amount, struct rt_growth *ret)
{
    *ret = (struct rt_growth) { instance->growths++, table, index, amount };
    return !instance->growth_watch.asked || instance->growth_watch.asked(instance->growth_watch.env, ret);
}

void growth_refused(struct rt_instance *instance, const struct rt_growth *growth)
{
    if (instance->growth_watch.refused)
        instance->growth_watch.refused(instance->growth_watch.env, growth);
}

void rt_instance_watch_growth(struct rt_instance *instance, const struct rt_growth_watch *watch)
{
    instance->growth_watch = *watch;
}
