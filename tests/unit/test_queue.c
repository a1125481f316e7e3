/*
 * Lists of queued items: one group in each, the longest waiting item first, no item lost.
 */
#include "engine/queue.h"

#include "cn_test.h"

enum { ITEMS = 23, MOST = 4 };

struct number {
    struct cn_queue_item item;
    int value;
};

static struct number numbers[ITEMS];
static struct {
    pthread_mutex_t gate; /* held until everything is queued */
    int count, sizes[ITEMS], handled[ITEMS];
    bool is_mixed, is_unordered;
} seen = {.gate = PTHREAD_MUTEX_INITIALIZER};

/* One thread calls it. */
static void note(void *context, struct cn_queue_item *items)
{
    (void)context;
    pthread_mutex_lock(&seen.gate);
    pthread_mutex_unlock(&seen.gate);
    for (struct cn_queue_item *item = items; item; item = item->next) {
        const struct number *number = (struct number *)item;
        seen.handled[number->value]++;
        seen.sizes[seen.count]++;
        seen.is_mixed |= item->group != items->group;
        seen.is_unordered |= item->next && ((struct number *)item->next)->value < number->value;
    }
    seen.count++;
}

static void queue_all(int threads, size_t share_items)
{
    struct cn_queue queue;
    memset(seen.sizes, 0, sizeof seen.sizes);
    memset(seen.handled, 0, sizeof seen.handled);
    seen.count = 0;
    pthread_mutex_lock(&seen.gate);
    cn_queue_start(&queue, 1, share_items, note, NULL);
    queue.shares = (size_t)threads;
    for (int k = 0; k < ITEMS; k++) {
        numbers[k] = (struct number){{.group = (uint64_t)k % 3}, k};
        cn_queue_add(&queue, &numbers[k].item);
    }
    assert_false(cn_queue_is_empty(&queue));
    pthread_mutex_unlock(&seen.gate);
    cn_queue_finish(&queue);
    for (int k = 0; k < ITEMS; k++)
        assert_int_equal(seen.handled[k], 1);
    assert_false(seen.is_mixed);
    assert_false(seen.is_unordered);
}

static void test_a_list_has_one_group_and_a_bound(void **state)
{
    (void)state;
    queue_all(1, MOST);
    for (int k = 0; k < seen.count; k++)
        assert_in_range(seen.sizes[k], 1, MOST);
    assert_in_range(seen.count, 6, 10); /* of 8, 8 and 7; the first list may be short */
}

static void test_a_list_is_a_share_of_what_waits(void **state)
{
    (void)state;
    queue_all(8, ITEMS);
    for (int k = 0; k < seen.count; k++)
        assert_in_range(seen.sizes[k], 1, (ITEMS + 7) / 8);
}

static void test_items_come_alone_where_that_is_asked_for(void **state)
{
    (void)state;
    queue_all(1, 1);
    assert_int_equal(seen.count, ITEMS);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_list_has_one_group_and_a_bound),
        cmocka_unit_test(test_a_list_is_a_share_of_what_waits),
        cmocka_unit_test(test_items_come_alone_where_that_is_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
